import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP } from 'node:net';

// Addresses that are no public host: this machine, private networks, the platform's metadata service, multicast.
// Source: IANA special-purpose address registries.
const IPV4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/3'],
];
// IPv4 written as IPv6 is checked against the list above; translated and tunnelled forms are refused whole.
const IPV6 = [
  // This machine, and IPv4 in its oldest spelling.
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

// Made at the first download: making it takes a millisecond, which a cold start need not wait for.
let special: BlockList | undefined;

function blockSpecial(): BlockList {
  const blocked = new BlockList();
  for (const [list, family] of [[IPV4, 'ipv4'] as const, [IPV6, 'ipv6'] as const]) {
    for (const subnet of list) {
      const [address = '', prefix] = subnet.split('/');
      blocked.addSubnet(address, Number(prefix), family);
    }
  }
  return blocked;
}

/** Whether an address is that of a public host. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  special ??= blockSpecial();
  return family !== 0 && !special.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

type Callback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** Node's `dns.lookup`, as it is called for a connection. */
export type Lookup = (
  host: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Looks a host up for the very connection that is being made, and fails when any of its addresses is not
 * public: a name checked beforehand could resolve differently a moment later (DNS rebinding).
 */
export function publicLookup(lookup: Lookup = systemLookup) {
  return (host: string, options: LookupOptions, done: Callback): void => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, []);
      const refused = addresses.length === 0 || addresses.some(({ address }) => !isPublicAddress(address));
      if (refused) return done(new Error('the host has no public address'), []);
      const [first] = addresses;
      if (options.all || !first) return done(null, addresses);
      return done(null, first.address, first.family);
    });
  };
}
