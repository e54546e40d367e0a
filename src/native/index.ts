/**
 * `tspod/native`: access to the kernel for Node tools that need namespaces, mounts, cgroups or locks, and no container.
 * Usable without an engine. All of it is documented in docs/native.md.
 */
export { isTspodError, TspodError } from '../errors.js';
export type { ErrorCode, TspodErrorOptions } from '../errors.js';
export { isNativeError, NativeError } from './native-error.js';

export { closeFd, pipe } from './descriptors.js';
export { lock, tryLock } from './file-lock.js';
export type { FileLock } from './file-lock.js';
export { openProcess, processStartTime } from './process-handle.js';
export type { ProcessHandle } from './process-handle.js';
export { removeTree, removeTreeSync } from './tree.js';
export { getXattr, listXattrs, removeXattr, setXattr } from './xattrs.js';
export type { SetXattrOptions } from './xattrs.js';
export { compileSeccomp } from './seccomp.js';
export type {
  SeccompAction,
  SeccompArchitecture,
  SeccompArgument,
  SeccompConfig,
  SeccompFlag,
  SeccompOperator,
  SeccompRule,
} from '../oci/seccomp.js';

export { CLONE_FLAGS, NAMESPACE_KINDS, THREAD_NAMESPACE_KINDS } from './namespace-kinds.js';
export type { NamespaceKind, ThreadNamespaceKind } from './namespace-kinds.js';
export { openNamespace, pinNamespace } from './namespace-handle.js';
export type { NamespaceHandle, NamespaceSource } from './namespace-handle.js';
export { createNamespace } from './namespace-create.js';
export { readIdMaps } from './id-maps.js';
export type { IdMaps } from './id-maps.js';
export type { CreateNamespaceOptions, IdRange } from './namespace-create.js';
export type { ThreadNamespaces } from './inside.js';
export { withNamespaces } from './with-namespaces.js';
export type { InsideOperations } from './with-namespaces.js';
export { runInNamespaces } from './run-in-namespaces.js';
export type { RunInNamespacesOptions, RunInNamespacesResult } from './run-in-namespaces.js';
export { getHostname, readDirectoryInside, readFileInside, setHostname, writeFileInside } from './kernel-files.js';
export type { ReadFileOptions } from './kernel-files.js';

export { bindMount, mountFileSystem, setPropagation, unmount } from './mounts.js';
export type {
  BindMountOptions,
  InsideOptions,
  MountAttributes,
  MountFileSystemOptions,
  Propagation,
  SetPropagationOptions,
  UnmountOptions,
} from './mounts.js';

export { cgroupProcesses, createCgroup, readCgroupFile, removeCgroup, writeCgroupFile } from './cgroup-files.js';
export type { RemoveCgroupOptions } from './cgroup-files.js';

export { createBridge, createDummy, createVeth, findLink, listLinks, removeLink, setLink } from './netlink/links.js';
export type { LinkChanges, NewLink, NewVeth } from './netlink/links.js';
export type { Link, LinkStatistics } from './netlink/link-decode.js';
export { addAddress, listAddresses, removeAddress } from './netlink/addresses.js';
export type {
  AddAddressOptions,
  LinkAddress,
  ListAddressesOptions,
  RemoveAddressOptions,
} from './netlink/addresses.js';
export { addRoute, listRoutes, removeRoute } from './netlink/routes.js';
export type { ListRoutesOptions, Route, RouteOptions } from './netlink/routes.js';
export { createIpvlan, createMacvlan, createVlan } from './netlink/upper-links.js';
export type { NewIpvlan, NewMacvlan, NewUpperLink, NewVlan } from './netlink/upper-links.js';
export type { IpvlanMode, MacvlanMode } from './netlink/link-drafts.js';
export { listNeighbours, removeNeighbour, setNeighbour } from './netlink/neighbours.js';
export type { Neighbour, NeighbourOptions } from './netlink/neighbours.js';
export { addRoutingRule, listRoutingRules, removeRoutingRule } from './netlink/routing-rules.js';
export type { NumberRange, RoutingRule, RoutingRuleOptions } from './netlink/routing-rules.js';

export { preflight } from './preflight/preflight.js';
export type { PreflightReport } from './preflight/preflight.js';
export type { PreflightCheck } from './preflight/check.js';
