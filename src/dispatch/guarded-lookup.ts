import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { type AddressGuard, judgeAddress } from './address-guard.ts';
import { ConnectFailure } from './connect-failure.ts';

type Found = (error: Error | null, addresses: readonly LookupAddress[]) => void;
/** As `dns.lookup` with `all: true`. */
export type Lookup = (hostname: string, options: { readonly all: true }, found: Found) => void;

/**
 * Shares one lookup among all who ask for a name while it runs. `dns.lookup` holds one of four libuv threads for as long as the
 * system's resolver takes: sixty-four connections to one dead name would otherwise stall every other target. Nothing is kept
 * afterwards: a name is resolved, and judged, at each connect.
 */
export function sharedLookup(lookup: Lookup): Lookup {
  const asking = new Map<string, Found[]>();
  return (hostname, options, found) => {
    const others = asking.get(hostname);
    if (others !== undefined) {
      others.push(found);
      return;
    }
    const all = [found];
    asking.set(hostname, all);
    lookup(hostname, options, (error, addresses) => {
      asking.delete(hostname);
      for (const each of all) each(error, addresses ?? []);
    });
  };
}

/**
 * A lookup for `net.connect` that gives only the addresses which the guard allows. A name that first resolved to a public
 * address and now to 127.0.0.1 (DNS rebinding) is refused here, at the connect that would use it.
 */
export function guardedLookup(lookup: Lookup, guard: AddressGuard, port: number): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { all: true }, (error, addresses) => {
      if (error !== null) {
        callback(new ConnectFailure('dns_failed', error.message, error), '', 0);
        return;
      }
      const rules = guard.rules();
      const reasons = new Set<string>();
      const allowed = addresses.filter(({ address }) => {
        const judgement = judgeAddress(address, port, rules);
        if (!judgement.allowed) reasons.add(judgement.reason);
        return judgement.allowed;
      });
      const [first] = allowed;
      if (first === undefined) {
        callback(noAddress(hostname, [...reasons]), '', 0);
      } else if (options.all === true) {
        callback(null, allowed);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}

function noAddress(hostname: string, reasons: readonly string[]): ConnectFailure {
  return reasons.length === 0
    ? new ConnectFailure('dns_failed', `${hostname} has no address`)
    : new ConnectFailure('blocked_address', `${hostname} resolves to a guarded address: ${reasons.join(', ')}`);
}
