import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../src/clock.ts';
import {
  type AddressRules,
  createAddressGuard,
  judgeAddress,
  OWN_PORT,
  parseCidrs,
} from '../../src/dispatch/address-guard.ts';
import { ipv6Bytes } from '../../src/dispatch/embedded-ipv4.ts';
import { cidrs } from './sending.ts';

const rules = (change: Partial<AddressRules> = {}): AddressRules => ({
  allowLoopback: false,
  allow: cidrs(),
  deny: cidrs(),
  own: [],
  localAddresses: [],
  ...change,
});

const reason = (address: string, change: Partial<AddressRules> = {}, port = 80): string | null => {
  const judgement = judgeAddress(address, port, rules(change));
  return judgement.allowed ? null : judgement.reason;
};

test('defaults: denied', () => {
  const denied: Record<string, readonly string[]> = {
    loopback: ['127.0.0.1', '127.255.255.254', '::1'],
    'link-local': ['169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'febf::1'],
    'cloud metadata': [
      '169.254.169.254',
      '169.254.170.2',
      'fd00:ec2::254',
      'fd20:ce::254',
      '100.100.100.200',
      '168.63.129.16',
      '192.0.0.192',
    ],
    unspecified: ['0.0.0.0', '0.1.2.3', '::'],
    multicast: ['224.0.0.1', '239.255.255.250', 'ff02::1'],
    broadcast: ['255.255.255.255'],
    'not an IP address': ['', 'localhost', '1.2.3', '2130706433'],
  };
  for (const [why, addresses] of Object.entries(denied))
    for (const address of addresses) assert.equal(reason(address), why, address);
});

test('defaults: allowed, private ranges among them', () => {
  const allowed = [
    '8.8.8.8',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '2606:4700::1111',
    'fd12:3456::1',
    'fec0::1',
  ];
  for (const address of allowed) assert.equal(reason(address), null, address);
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
    assert.equal(reason(address, { allowLoopback: true }), null);
  assert.equal(reason('169.254.169.254', { allowLoopback: true }), 'cloud metadata');
});

test('an IPv4 address inside an IPv6 one is judged', () => {
  const forms: Record<string, string> = {
    mapped: '::ffff:169.254.169.254',
    'mapped, in hex': '::ffff:a9fe:a9fe',
    'mapped, spelled out': '0:0:0:0:0:ffff:a9fe:a9fe',
    compatible: '::169.254.169.254',
    translated: '::ffff:0:169.254.169.254',
    nat64: '64:ff9b::a9fe:a9fe',
    'nat64, local use /96': '64:ff9b:1::a9fe:a9fe',
    'nat64, local use /48': '64:ff9b:1:a9fe:a9:fe00::',
    '6to4': '2002:a9fe:a9fe::1',
    'teredo, client': '2001:0:808:808:0:0:5601:5601',
    'teredo, server': '2001:0:a9fe:a9fe::f7f7:f7f7',
    isatap: '2606:4700::5efe:a9fe:a9fe',
    'isatap, global': '2606:4700::200:5efe:a9fe:a9fe',
    'with a zone': '64:ff9b::a9fe:a9fe%eth0',
  };
  for (const [form, address] of Object.entries(forms)) assert.equal(reason(address), 'cloud metadata', form);
  assert.equal(reason('64:ff9b::7f00:1', { allowLoopback: true }), null);
  for (const address of ['64:ff9b::808:808', '64:ff9b:1::808:808', '64:ff9b:1:808:8:800::'])
    assert.equal(reason(address), null);
  assert.equal(reason('2002:808:808::1'), null);
  assert.equal(reason('::ffff:8.8.8.8'), null);
});

test('order: own ports, deny, allow, defaults', () => {
  const deny = cidrs('10.0.0.0/8', '::1');
  const allow = cidrs('10.1.0.0/16', '169.254.169.254', 'fe80::/10');
  assert.equal(reason('10.1.2.3', { deny, allow }), 'denied by callback_deny');
  assert.equal(reason('169.254.169.254', { deny, allow }), null);
  assert.equal(reason('::ffff:169.254.169.254', { deny, allow }), null);
  assert.equal(reason('169.254.169.253', { deny, allow }), 'link-local');
  assert.equal(reason('fe80::1', { deny, allow }), null);
  assert.equal(reason('::1', { deny, allowLoopback: true }), 'denied by callback_deny');
  // A list of one family says nothing about the other.
  assert.equal(reason('10.9.9.9', { deny: cidrs('::/0') }), null);
  assert.equal(reason('fe80::1', { allow: cidrs('0.0.0.0/0') }), 'link-local');
  // Allowing the wrapper's prefix does not open what it carries.
  assert.equal(reason('64:ff9b::a9fe:a9fe', { allow: cidrs('64:ff9b::/96') }), 'cloud metadata');
});

test("the cluster's own ports stay closed, whatever is allowed", () => {
  const own = [
    { host: '127.0.0.1', port: 8000 },
    { host: '10.0.0.2', port: 8001 },
  ];
  const open = { own, allowLoopback: true, allow: cidrs('0.0.0.0/0', '::/0') };
  assert.equal(reason('127.0.0.1', open, 8000), OWN_PORT);
  assert.equal(reason('::ffff:127.0.0.1', open, 8000), OWN_PORT);
  assert.equal(reason('0.0.0.0', open, 8000), OWN_PORT);
  assert.equal(reason('10.0.0.2', open, 8001), OWN_PORT);
  assert.equal(reason('127.0.0.1', open, 9000), null);
  assert.equal(reason('10.0.0.2', open, 8000), null);
});

test('a wildcard bind closes the port on every address of the machine', () => {
  for (const host of ['0.0.0.0', '::']) {
    const change = { own: [{ host, port: 8000 }], localAddresses: ['10.0.0.5', 'fd00::5'], allowLoopback: true };
    for (const address of ['127.0.0.1', '127.0.0.2', '::1', '10.0.0.5', 'fd00::5', '0.0.0.0', '::']) {
      assert.equal(reason(address, change, 8000), OWN_PORT, `${address} while bound to ${host}`);
    }
    assert.equal(reason('10.0.0.6', change, 8000), null);
  }
  const guard = createAddressGuard({
    clock: systemClock,
    allowLoopback: true,
    allow: cidrs(),
    deny: cidrs(),
    ownAddresses: () => [{ host: '0.0.0.0', port: 8000 }],
  });
  assert.ok(guard.rules().localAddresses.includes('127.0.0.1'));
});

test('CIDRs that are none are refused with their place', () => {
  for (const bad of [
    '10.0.0.0/33',
    '10.0.0/8',
    'fd00::/129',
    'example.com',
    '',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    'fe80::1%eth0/64',
    '1.2.3.4/',
  ]) {
    const parsed = parseCidrs(['10.0.0.0/8', bad]);
    assert.ok(!parsed.ok, bad);
    assert.equal(parsed.error.index, 1);
  }
  assert.ok(parseCidrs([' 10.0.0.1 ', '::/0', '0.0.0.0/0']).ok);
});

test('IPv6 text is read as the URL parser reads it', () => {
  const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
  // Many zero groups, for the compressed spellings.
  const sparse = fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(fc.oneof(bytes, sparse), (wanted) => {
      const groups = Array.from({ length: 8 }, (_, at) =>
        (((wanted[2 * at] ?? 0) << 8) | (wanted[2 * at + 1] ?? 0)).toString(16),
      );
      const full = groups.join(':');
      const compressed = new URL(`http://[${full}]/`).hostname.slice(1, -1);
      assert.deepEqual(ipv6Bytes(full), [...wanted]);
      assert.deepEqual(ipv6Bytes(compressed), [...wanted]);
      const dotted = `${groups.slice(0, 6).join(':')}:${[...wanted].slice(12).join('.')}`;
      assert.deepEqual(ipv6Bytes(dotted), [...wanted]);
    }),
  );
});
