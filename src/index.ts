/** The public API of tspod, including every type that its declarations name. */
export { isTspodError, TspodError } from './errors.js';
export { checkStore } from './engine/store-check/check-store.js';
export { openEngine } from './engine/open.js';

export type {
  AttachEnd,
  AttachOptions,
  AttachSession,
  BatchedContainer,
  CleanupOptions,
  CollectOptions,
  CollectedResult,
  Container,
  ContainerProcess,
  ContainerState,
  ContainerStatus,
  ExecAttachOptions,
  ExecCollectOptions,
  ExecSpawnOptions,
  ExitStatus,
  HealthcheckResult,
  InputSource,
  LogsOptions,
  OutputTarget,
  RemoveOptions,
  RunOptions,
  SignalOption,
  SpawnOptions,
  StreamFor,
  StartOptions,
  ListenFds,
  StdioFds,
  StopOptions,
  TerminalSize,
  WaitCondition,
  WaitOptions,
} from './container/api/container.js';
export type {
  ExecCreateOptions,
  ExecInspect,
  ExecRemoveOptions,
  ExecSession,
  ExecSessionState,
  ExecStartOptions,
  ExecStopOptions,
} from './container/exec/api.js';
export type {
  ContainerFiles,
  ContainerSizes,
  ContainerUnmountOptions,
  CopyInOptions,
  CopyOutOptions,
  FileChange,
  FileStat,
} from './container/api/files.js';
export type { HealthLogEntry, HealthRecord, HealthStatus } from './container/health/record.js';
export type {
  InspectCheck,
  InspectHealth,
  InspectHealthConfig,
  InspectStartupCheck,
} from './container/inspect/health.js';
export type {
  ContainerInspect,
  InspectConfig,
  InspectDevice,
  InspectDeviceRate,
  InspectEgress,
  InspectEndpoint,
  InspectHostConfig,
  InspectHostView,
  InspectMount,
  InspectNetwork,
  InspectNetworkSettings,
  InspectPorts,
  InspectSecret,
  InspectState,
} from './container/inspect/types.js';
export type { InspectIdMappings } from './container/inspect/userns.js';
export type { ContainerAddress, ContainerRoute, EgressCounter } from './container/api/network.js';
export type { ContainerNamespace } from './container/api/namespaces.js';
export type {
  ContainerProcessInfo,
  ContainerStats,
  NetworkCounters,
  NetworkLinkStats,
  StatsOptions,
  WatchStatsOptions,
} from './container/api/stats.js';
export type { CloneOptions } from './container/verbs/clone.js';
export type { ConnectOptions } from './container/verbs/connect.js';
export type { EngineEvent, EventFilters, EventsOptions } from './engine/events.js';
export type { BlobProgress, ImageProgress, OnProgress, TransferProgress } from './engine/images/progress.js';
export type {
  CommitOptions,
  FetchOptions,
  ImageFilters,
  ImageHistoryEntry,
  ImageInspect,
  ImageLayer,
  ImageListOptions,
  ImagePruneOptions,
  ImagePruneResult,
  ImageRemoveOptions,
  ImageSummary,
  ImageTree,
  ImageUnmountOptions,
  Images,
  ImportOptions,
  LoadOptions,
  LoadedImage,
  MountedImage,
  PullOptions,
  PulledTags,
  PushOptions,
  PushedImage,
  RegistryAccess,
  RemovedImage,
  SaveFormat,
  SaveOptions,
  StoreCheck,
} from './engine/images/types.js';
export type {
  ManifestAddOptions,
  ManifestCreateOptions,
  ManifestEntryOptions,
  ManifestFetchOptions,
  ManifestListSummary,
  ManifestPushOptions,
  Manifests,
} from './engine/manifests/types.js';
export type {
  NetworkFilters,
  NetworkInspect,
  NetworkInterface,
  NetworkRemoveOptions,
  Networks,
} from './engine/networks/types.js';
export type { PodFilters, Pods } from './engine/pods/types.js';
export type { SecretCreateOptions, SecretFilters, SecretSummary, Secrets } from './engine/secrets/types.js';
export type {
  BatchResult,
  ContainerFilters,
  ContainerSummary,
  Containers,
  DiskUsage,
  Engine,
  EngineInfo,
  EngineOptions,
  EngineVersion,
  ImageUsage,
  KindUsage,
  ListOptions,
  PruneOptions,
  PruneResult,
  ResetResult,
  VolumeUsage,
} from './engine/types.js';
export type {
  VolumeCheck,
  VolumeFilters,
  VolumeInspect,
  VolumePruneOptions,
  VolumeRemoveOptions,
  VolumeSummary,
  Volumes,
} from './engine/volumes/types.js';
export type { ErrorCode, TspodErrorOptions } from './errors.js';
export type { EventsBackend } from './events/event-log.js';
export type { EventStatus, EventType } from './events/event.js';
export type { BlobRequest, ImageSource, RawManifest } from './image/transport.js';
export type { LogChunk, LogStream } from './logs/record.js';
export type {
  NetworkCreateOptions,
  NetworkRouteOptions,
  NetworkSubnetOptions,
  NetworkUpdateOptions,
} from './network/create-options.js';
export type { Network, NetworkDriver, NetworkRoute, NetworkSubnet } from './network/network-file.js';
export type { Descriptor, ImageHealthcheck, ImageIndex, ImageManifest, Platform } from './oci/image.js';
export type {
  Pod,
  PodMember,
  PodMemberProcesses,
  PodMemberStats,
  PodRemoveOptions,
  PodStatus,
  PodStopOptions,
  PodSummary,
} from './pod/api.js';
export type { PodInspect, PodInspectContainer, PodInspectInfra } from './pod/inspect-types.js';
export type { AccountOptions } from './spec/users/account-options.js';
export type { PublishedPort } from './spec/network/container-network.js';
export type { ExposedPort, PortProtocol } from './spec/network/ports.js';
export type {
  CreateOptions,
  DeviceOptions,
  DeviceRate,
  DeviceWeight,
  ExecOptions,
  HookKind,
  HookOptions,
  IdMap,
  IpcMode,
  LogOptions,
  MountOptions,
  NamespaceMode,
  NetworkMode,
  PropagationMode,
  ResourceOptions,
  RestartOptions,
  SecurityOptions,
  UlimitOptions,
  UsernsMode,
  UsernsOptions,
} from './spec/create-options.js';
export type { HealthAction, HealthOptions, HealthTest, StartupCheckOptions } from './spec/health/health-options.js';
export type { PullPolicy } from './spec/pull-policy.js';
export type { DnsOptions, NameOptions } from './spec/network/name-options.js';
export type { EgressOptions, NetworkAttachOptions, NetworkOptions } from './spec/network/network-options.js';
export type { InitKind, PodCreateOptions, PodExitPolicy, PodNamespace } from './spec/pod/pod-options.js';
export type { SecretOptions } from './spec/files/secret-options.js';
export type { UpdateOptions } from './spec/update.js';
export type { VolumeCreateOptions } from './spec/files/volume-options.js';
