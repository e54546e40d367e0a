/** The valid keys of network options; the compiler checks that none is missing. */
import { checkShape, type ShapeOf } from '../spec/checks/shape.js';
import type { NetworkCreateOptions, NetworkRouteOptions, NetworkSubnetOptions } from './create-options.js';

const CREATE: ShapeOf<NetworkCreateOptions> = {
  name: 'string',
  driver: 'string',
  subnets: 'objects',
  ipv6: 'boolean',
  internal: 'boolean',
  disableDns: 'boolean',
  dnsServers: 'strings',
  labels: 'record',
  options: 'record',
  routes: 'objects',
  interfaceName: 'string',
  ipamDriver: 'string',
  ignoreExisting: 'boolean',
};
const SUBNET: ShapeOf<NetworkSubnetOptions> = { subnet: 'string', gateway: 'string', ipRange: 'string' };
const ROUTE: ShapeOf<NetworkRouteOptions> = { destination: 'string', gateway: 'string', metric: 'number' };

/** Throws TypeError for an unknown key or a value of the wrong kind. */
export function checkNetworkOptions(options: NetworkCreateOptions): void {
  checkShape('network options', options, CREATE);
  for (const [index, subnet] of (options.subnets ?? []).entries()) {
    checkShape(`subnets[${index}]`, subnet, SUBNET);
    if ((subnet as Partial<NetworkSubnetOptions>).subnet === undefined)
      throw new TypeError(`subnets[${index}] must have "subnet"`);
  }
  for (const [index, route] of (options.routes ?? []).entries()) {
    checkShape(`routes[${index}]`, route, ROUTE);
    const { destination, gateway } = route as Partial<NetworkRouteOptions>;
    if (destination === undefined || gateway === undefined)
      throw new TypeError(`routes[${index}] must have "destination" and "gateway"`);
  }
}
