import type { TraceBook } from '../../trace/trace-book.ts';
import { Button } from '../parts/button.tsx';
import { Field } from '../parts/field.tsx';
import { type Debugger, SPEEDS } from './debugger.ts';

/** The log, to go through: entry by entry, by hand or at a speed. */
export function Scrubber({ debug, book }: { readonly debug: Debugger; readonly book: TraceBook }) {
  const { committed } = book;
  const at = debug.position;
  const entry = committed[at];
  const last = committed.length - 1;
  const said = entry === undefined ? 'before the first entry' : `entry ${entry.index} of term ${entry.term}`;
  return (
    <section class="card scrubber" aria-label="Log">
      <div class="buttons">
        <Button label="One entry back" disabled={at <= 0} onClick={() => debug.goToEntry(at - 1)}>
          ‹
        </Button>
        {debug.isPlaying ? (
          <Button onClick={() => debug.pause()}>Stop</Button>
        ) : (
          <Button disabled={last < 0} onClick={() => debug.play()}>
            Play
          </Button>
        )}
        <Button label="One entry on" disabled={at >= last} onClick={() => debug.goToEntry(at + 1)}>
          ›
        </Button>
        {debug.source !== 'live' ? null : debug.follows ? (
          <Button kind="main" onClick={() => debug.pause()}>
            Pause
          </Button>
        ) : (
          <Button onClick={() => debug.follow()}>Follow</Button>
        )}
      </div>
      <label class="scrub">
        <span class="unseen">Log index</span>
        <input
          type="range"
          min={0}
          max={Math.max(0, last)}
          value={Math.max(0, at)}
          disabled={last < 0}
          aria-valuetext={said}
          onInput={(event) => debug.goToEntry(event.currentTarget.valueAsNumber)}
        />
      </label>
      <div class="scrub-said">
        <strong>{said}</strong>
        {last < 0 ? null : (
          <span class="quiet small">
            {' '}
            of {committed[0]?.index} to {committed[last]?.index}
          </span>
        )}
      </div>
      <Field label="Entries a second">
        {(control) => (
          <select
            {...control}
            value={debug.speed}
            onChange={(event) => debug.set({ speed: Number(event.currentTarget.value) })}
          >
            {SPEEDS.map((speed) => (
              <option key={speed}>{speed}</option>
            ))}
          </select>
        )}
      </Field>
    </section>
  );
}
