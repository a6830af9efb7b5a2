import { systemClock } from '../clock.ts';
import { type AddressGuard, createAddressGuard, type OwnAddress, parseCidrs } from '../dispatch/address-guard.ts';
import { checkCallbackHeaders } from '../dispatch/callback-headers.ts';
import { checkCallbackUrl } from '../dispatch/callback-url.ts';

export { isLoopback, parseCidrs } from '../dispatch/address-guard.ts';

/** What a callback may look like at its creation. */
export interface CallbackRules {
  /** What is wrong with the URL, literal guarded addresses included; null when it may be called. */
  refuseUrl(url: string): string | null;
  /** What is wrong with the headers; paths are JSON Pointers inside the headers object. */
  refuseHeaders(
    headers: Readonly<Record<string, string>>,
  ): readonly { readonly path: string; readonly message: string }[];
}

export interface CallbackGuardOptions {
  /** True while HTTP itself is bound to loopback. */
  readonly allowLoopback: boolean;
  /** CIDRs. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly ownAddresses: () => readonly OwnAddress[];
}

/** One guard for both: tasks are refused at creation, and again at each connect, by the same rules. */
export function createCallbackGuard({ allowLoopback, allow, deny, ownAddresses }: CallbackGuardOptions): {
  readonly guard: AddressGuard;
  readonly rules: CallbackRules;
} {
  const guard = createAddressGuard({
    clock: systemClock,
    allowLoopback,
    allow: listOf(allow),
    deny: listOf(deny),
    ownAddresses,
  });
  const allowed = createVerdicts(ownAddresses);
  return {
    guard,
    rules: {
      refuseUrl(url) {
        if (allowed.has(url)) return null;
        const checked = checkCallbackUrl(url, guard.rules());
        if (!checked.ok) return checked.error.message;
        allowed.add(url);
        return null;
      },
      refuseHeaders(headers) {
        const checked = checkCallbackHeaders(headers);
        return checked.ok ? [] : checked.error;
      },
    },
  };
}

/** URLs found fit a moment ago: clients create many tasks for one target. Every connect is judged anew, whatever stands here. */
const VERDICTS_MAX = 1_000;
const VERDICTS_FRESH_MS = 5_000;

function createVerdicts(ownAddresses: () => readonly OwnAddress[]) {
  const urls = new Set<string>();
  let untilMs = 0;
  let own = 0;
  const refresh = (): void => {
    if (systemClock.monotonicMs() < untilMs && ownAddresses().length === own && urls.size < VERDICTS_MAX) return;
    urls.clear();
    untilMs = systemClock.monotonicMs() + VERDICTS_FRESH_MS;
    own = ownAddresses().length;
  };
  return {
    has(url: string): boolean {
      refresh();
      return urls.has(url);
    },
    add: (url: string) => urls.add(url),
  };
}

function listOf(cidrs: readonly string[]) {
  const parsed = parseCidrs(cidrs);
  // The settings took none that this parser would refuse.
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}
