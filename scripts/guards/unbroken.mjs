/** Tests of scripts/model/security.mjs that no broken build was seen to fail, each with the reason. */
import { tests } from './entry.mjs';

const because = (why, file, ...titles) => tests(file, ...titles).map((test) => ({ ...test, why }));

export const UNBROKEN = [
  ...because(
    'it is tried on Podman alone, which falls for it: nothing of tspod is in it',
    'security/images.test.ts',
    'terminal: Podman 4.3 sends them',
  ),
  ...because(
    'there is nothing to switch off: the program that enters is static, loads nothing of the root, and ends at once without its socket',
    'security/enter.test.ts',
    'start: an entrypoint that is the program that enters is none',
  ),
  ...because(
    'there is nothing to switch off: an archive is read by an index of its own files, in which a link can name no other. Podman falls for it in the test',
    'security/storage.test.ts',
    'load: a layout in an archive whose files are links',
  ),
  ...because(
    'that a mount ends with its last namespace is the kernel’s doing; tspod makes none on the host',
    'system/files/shared-memory.test.ts',
    'it lives as long as the last who shares it',
  ),
  ...because(
    'there is nothing to switch off: by then the container’s root is the root of the process, and the host’s is gone, which has a guard of its own',
    'launch/identity.test.ts',
    'workingDirectory: a link within the root is followed',
  ),
];
