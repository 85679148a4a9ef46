import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressKey } from './peer-address.ts';

test('addresses as they are counted', () => {
  const expected: Record<string, string> = {
    '127.0.0.1': '127.0.0.1',
    '::ffff:10.0.0.7': '10.0.0.7',
    '::1': '0:0:0:0::/64',
    '2001:db8:1:2:3:4:5:6': '2001:db8:1:2::/64',
    '2001:db8:1:2::9': '2001:db8:1:2::/64',
    '2001:db8::1:0:0:1': '2001:db8:0:0::/64',
    'fe80::1%eth0': 'fe80:0:0:0::/64',
    '2001:db8::': '2001:db8:0:0::/64',
  };
  for (const [address, key] of Object.entries(expected)) assert.equal(addressKey(address), key);
  assert.equal(addressKey(undefined), 'unknown');
});
