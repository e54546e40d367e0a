/** Kinds of namespaces, as the options of a container name them. */
export type ContainerNamespace = 'cgroup' | 'ipc' | 'mount' | 'network' | 'pid' | 'time' | 'user' | 'uts';
