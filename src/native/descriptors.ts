/** Descriptors that callers pass to monitors and plans. */
import { requireDescriptor } from './arguments.js';
import { binding } from './binding.js';
import { unwrap } from './native-error.js';

/** Makes a pipe (pipe2(2)); both ends are close-on-exec. NativeError EMFILE or ENFILE at a limit of descriptors. */
export function pipe(): { read: number; write: number } {
  const [read, write] = unwrap(binding().pipe());
  return { read, write };
}

/**
 * Closes a descriptor (close(2)). NativeError EBADF if it is not open; TypeError if the value is no descriptor. Never
 * repeat the call: the descriptor is closed even after EINTR.
 */
export function closeFd(fd: number): void {
  unwrap(binding().closeFd(requireDescriptor(fd)));
}
