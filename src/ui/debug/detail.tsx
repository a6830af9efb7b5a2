import type { ComponentChildren } from 'preact';
import type { MessageSeen, StepLine } from '../../trace/format.ts';
import { agrees, replayRole } from '../../trace/role-replay.ts';
import type { TraceBook } from '../../trace/trace-book.ts';
import type { Debugger } from './debugger.ts';
import { differences } from './differences.ts';
import { clockOf } from './instants.ts';

/** The line that one looks at: what the role machine did with it, what it changed, and what was said. */
export function Detail({ debug, book }: { readonly debug: Debugger; readonly book: TraceBook }) {
  const line = book.line(debug.place);
  if (line === undefined) return null;
  return (
    <section class="card detail" aria-label="The line">
      <div class="trace-head">
        <h2>{line.node ?? 'The world'}</h2>
        <span class="quiet small number">{clockOf(book, line.atMs)}</span>
      </div>
      {line.what === 'step' ? (
        <Step line={line} before={stepBefore(book, line, debug.place)} />
      ) : (
        <dl class="debug-facts">
          {Object.entries(line)
            .filter(([name]) => !['what', 'line', 'atMs', 'node'].includes(name))
            .map(([name, value]) => (
              <Fact key={name} name={name}>
                {typeof value === 'object' ? JSON.stringify(value) : String(value)}
              </Fact>
            ))}
        </dl>
      )}
    </section>
  );
}

const stepBefore = (book: TraceBook, { node }: StepLine, place: number): StepLine | null =>
  book.stepAt(node, place - 1);

function Step({ line, before }: { readonly line: StepLine; readonly before: StepLine | null }) {
  const moves = replayRole(line).filter(({ event }) => event.type !== 'PROPOSED' && event.type !== 'READ_ASKED');
  const changes = before === null ? [] : differences(stateOf(before), stateOf(line));
  return (
    <>
      {moves.length === 0 ? null : (
        <Part title="Role machine">
          <ol class="moves">
            {moves.map(({ event, from, to, actions, refused }, at) => {
              const { type, ...about } = event;
              return (
                // The same event may come twice in a step: its position tells them apart, and does not change.
                <li key={at} class={refused === null ? undefined : 'move-no'}>
                  <code>{type}</code>
                  {Object.keys(about).length === 0 ? '' : <span class="quiet"> {JSON.stringify(about)}</span>}
                  <div>{from.role === to.role ? `stays ${to.role}` : `${from.role} → ${to.role}`}</div>
                  {actions.length === 0 ? null : <div class="quiet">then {actions.join(', ')}</div>}
                  {refused === null ? null : <div class="move-why">{refused}</div>}
                </li>
              );
            })}
          </ol>
          {agrees(line) ? null : (
            <p class="move-why">
              The machine in this page ends elsewhere with the same events: the trace was written by another version of
              it.
            </p>
          )}
        </Part>
      )}
      <Part title={before === null ? 'How it stands' : 'What changed'}>
        {before !== null && changes.length === 0 ? <p class="quiet">Nothing of what it stands on.</p> : null}
        <dl class="debug-facts">
          {before === null
            ? Object.entries(stateOf(line)).map(([name, value]) => (
                <Fact key={name} name={name}>
                  {shown(value)}
                </Fact>
              ))
            : changes.map(({ name, from, to }) => (
                <Fact key={name} name={name}>
                  <del>{shown(from)}</del> <ins>{shown(to)}</ins>
                </Fact>
              ))}
        </dl>
      </Part>
      <Messages title="Heard" arrow="from" messages={line.got} />
      <Messages title="Said" arrow="to" messages={line.sent} />
      {line.refused === undefined ? null : (
        <Part title="Did not hold">
          <ul class="plain">
            {line.refused.map(({ index, pair, failed }) => (
              <li key={`${index}/${pair}`} class="move-why">
                Entry {index}, pair {pair + 1}: {JSON.stringify(failed)}
              </li>
            ))}
          </ul>
        </Part>
      )}
      {line.also === undefined ? null : (
        <details class="part">
          <summary>All that it was told and answered</summary>
          <pre class="small">{line.also.map((one) => JSON.stringify(one)).join('\n')}</pre>
        </details>
      )}
    </>
  );
}

function stateOf({
  role,
  term,
  vote,
  leader,
  last,
  commit,
  applied,
  peers,
}: StepLine): Readonly<Record<string, unknown>> {
  const flat: Record<string, unknown> = { role, term, vote, leader, last, commit, applied };
  for (const [peer, { state, match, next, inFlight }] of Object.entries(peers ?? {})) {
    flat[`${peer}`] = `${state}, match ${match}, next ${next}, ${inFlight} in flight`;
  }
  return flat;
}

const shown = (value: unknown): string => (value === null || value === undefined ? 'none' : String(value));

function Messages(props: { readonly title: string; readonly arrow: string; readonly messages: StepLine['got'] }) {
  const { title, arrow, messages } = props;
  if (messages === undefined) return null;
  return (
    <Part title={title}>
      <ul class="plain">
        {messages.map((message) => (
          <li key={keyOf(message)}>
            <code>{message.kind}</code> {arrow} <strong>{message.peer}</strong>, term {message.term}
            <span class="quiet"> {saysInWords(message.says)}</span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

const keyOf = (message: MessageSeen): string => JSON.stringify(message);

const saysInWords = (says: MessageSeen['says']): string =>
  Object.entries(says)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');

export function Part({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <div class="part">
      <h3>{title}</h3>
      {children}
    </div>
  );
}

export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
