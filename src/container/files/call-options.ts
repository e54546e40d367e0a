/** The options of calls on the files of a container. Each check throws TypeError as checkShape() does. */
import { SIGNAL } from '../call-options.js';
import { checkedCall, type ShapeOf } from '../../spec/checks/shape.js';
import type { SignalOption } from '../api/container.js';
import type { ContainerUnmountOptions, CopyInOptions, CopyOutOptions } from '../api/files.js';

const COPY_IN: ShapeOf<CopyInOptions> = {
  overwrite: 'boolean',
  chown: 'boolean',
  rename: 'record',
  asked: 'string',
  signal: 'signal',
};
const COPY_OUT: ShapeOf<CopyOutOptions> = { as: 'string', signal: 'signal' };
const UNMOUNT: ShapeOf<ContainerUnmountOptions> = { force: 'boolean' };

export const checkedExport = (options?: SignalOption) => checkedCall('export', options, SIGNAL);
export const checkedDiff = (options?: SignalOption) => checkedCall('diff', options, SIGNAL);
export const checkedCopyIn = (options?: CopyInOptions) => checkedCall('copyIn', options, COPY_IN);
export const checkedCopyOut = (options?: CopyOutOptions) => checkedCall('copyOut', options, COPY_OUT);
export const checkedUnmount = (options?: ContainerUnmountOptions) => checkedCall('unmount', options, UNMOUNT);
export const checkedStat = (options?: { readonly follow?: boolean }) =>
  checkedCall('stat', options, { follow: 'boolean' });
