import { systemClock } from '../clock.ts';
import { type AddressGuard, createAddressGuard, type OwnAddress, parseCidrs } from '../dispatch/address-guard.ts';
import { checkCallbackHeaders } from '../dispatch/callback-headers.ts';
import { checkCallbackUrl } from '../dispatch/callback-url.ts';
import type { CallbackRules } from '../http/callback-rules.ts';
import { isLoopbackHost } from './configuration.ts';
import type { SettingValues } from './settings.ts';

/** One guard for both: tasks are refused at creation, and again at each connect, by the same rules. */
export function createCallbackGuard(
  values: SettingValues,
  ownAddresses: () => readonly OwnAddress[],
): { readonly guard: AddressGuard; readonly rules: CallbackRules } {
  const guard = createAddressGuard({
    clock: systemClock,
    allowLoopback: isLoopbackHost(values.httpHost),
    allow: listOf(values.callbackAllow),
    deny: listOf(values.callbackDeny),
    ownAddresses,
  });
  return {
    guard,
    rules: {
      refuseUrl(url) {
        const checked = checkCallbackUrl(url, guard.rules());
        return checked.ok ? null : checked.error.message;
      },
      refuseHeaders(headers) {
        const checked = checkCallbackHeaders(headers);
        return checked.ok ? [] : checked.error;
      },
    },
  };
}

function listOf(cidrs: readonly string[]) {
  const parsed = parseCidrs(cidrs);
  // The settings took none that this parser would refuse.
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}
