/**
 * What has been published about software of this kind, and the test that tries it on tspod: lines of ATTACK :: ADVISORIES :: FILE :: TITLE, or
 * ATTACK :: ADVISORIES :: - :: WHY NO TEST APPLIES. docs/security.md is made of it (npm run model), and of the table of guards (scripts/guards/).
 */
import { seenToFail } from './seen.mjs';

const RUNTIME = `
a container overwrites the program that enters it :: CVE-2019-5736 :: security/enter.test.ts :: exec: a container that waits for the programs that enter it cannot write to them (CVE-2019-5736)
the entrypoint is a link to the program that enters :: CVE-2019-5736 :: security/enter.test.ts :: start: an entrypoint that is the program that enters is none (CVE-2019-5736)
the program that enters is overwritten from inside :: CVE-2019-5736 :: launch/exec.test.ts :: the program that entered the container cannot be written to from inside
a process that enters is traced, its descriptors are taken :: CVE-2016-9962 :: security/enter.test.ts :: exec: who enters cannot be traced by the container, and has nothing of the host open (CVE-2016-9962)
a process that enters is traced by root of a user namespace :: CVE-2016-9962 :: security/enter.test.ts :: exec: nor by root of a user namespace with all rights in it
the process that waits at the gate holds descriptors of the monitor :: CVE-2016-9962 :: launch/handshake.test.ts :: gate: what waits there has nothing of the monitor open
a working directory is a descriptor of the host :: CVE-2024-21626 :: security/enter.test.ts :: workdir: no descriptor of the host is a way out, by flag, image or exec (CVE-2024-21626)
the working directory of an image is a descriptor of the host :: CVE-2024-21626 :: security/enter.test.ts :: workdir: that of an image is not a way out either; one by an absolute link is found
descriptors of the caller leak in :: CVE-2024-21626 :: security/enter.test.ts :: descriptors of a careless caller reach neither a container nor a command in it
a stream is the host's /dev/null :: - :: security/enter.test.ts :: descriptors: a command in a container that has removed its null device does not change the host’s
files in a place that others can guess :: CVE-2019-12439 :: security/enter.test.ts :: nothing is made under a name that can be guessed (CVE-2019-12439)
/proc or /sys of the root is a link :: CVE-2019-19921, CVE-2023-27561, CVE-2023-28642, CVE-2025-54867 :: security/mounts.test.ts :: mounts: what lies in /proc and /sys of a root does not become theirs (CVE-2019-19921, CVE-2023-27561)
a volume covers /proc :: CVE-2019-16884 :: system/images/images.test.ts :: run: a volume that would cover the kernel is refused
a mount covers a file of /proc :: CVE-2019-16884 :: launch/mounts.test.ts :: attachInRoot: nothing goes over a file of procfs
writes to /proc are redirected :: CVE-2025-52881, CVE-2025-62596 :: launch/process.test.ts :: sysctl: what the container has put over its /proc/sys does not matter
masks made of the container's /dev/null :: CVE-2025-31133, CVE-2025-62161 :: launch/masks.test.ts :: maskPath: what the container calls /dev/null has no part in it
masks made of a /dev/null that a sibling swaps :: CVE-2025-31133, CVE-2025-52881 :: security/mounts.test.ts :: masks: what hides is not of the container, also while a sibling swaps it (CVE-2025-31133, CVE-2025-52881)
the console is made of a link :: CVE-2025-52565 :: security/mounts.test.ts :: terminal: the console is the container’s own while a sibling swaps what it may be made of (CVE-2025-52565)
/dev of the root is a link :: CVE-2026-41579, CVE-2026-47766 :: security/mounts.test.ts :: mounts: devices are not made where a link in place of /dev leads to; by \${peer} of Debian 12 they are (CVE-2026-41579)
a sibling swaps the target of a mount :: CVE-2021-30465, CVE-2024-45310 :: security/mounts.test.ts :: mounts: a sibling that swaps the targets for links to the host leads none of them out (CVE-2021-30465, CVE-2024-45310)
the source of a mount is a link that the container has made :: - :: security/mounts.test.ts :: mounts: a source in a directory that the container writes is not what it has linked there, when it is launched again, \${how}
the target of a mount is a link :: CVE-2019-18837, CVE-2026-87766 :: security/mounts.test.ts :: mounts: links of the root, old or in a row, lead to places in it; too many are refused (CVE-2019-18837)
the old root is within reach :: CVE-2026-87766 :: launch/mounts.test.ts :: pivotRoot: of the host nothing is left, neither mounts nor a way back
shared memory that another container has made a link to the host :: - :: security/mounts.test.ts :: mounts: with another runtime the shared memory of a container is what it has, and no place that its link names
volumes of an image lie outside :: CVE-2022-23648 :: security/mounts.test.ts :: volumes of an image begin with what lies in it, whatever their paths say (CVE-2022-23648)
limits are changed from a cgroup that may be divided :: - :: system/host/systemd-mode.test.ts :: its limits are out of its reach, and so is all that is not its own
cgroups too deep to be removed :: - :: system/host/systemd-mode.test.ts :: groups in groups come to an end, and however deep they are they are removed
the host's cgroups can be written to without a cgroup namespace :: CVE-2023-25809 :: system/containers/userns.test.ts :: the host’s cgroups are read-only, whatever the container is allowed otherwise (CVE-2023-25809)
devices that are not in the container's list :: GHSA-g54h-m393-cpwq :: security/confinement.test.ts :: devices: only those of the list can be opened, whoever may make nodes (GHSA-g54h-m393-cpwq)
lengths that overflow in the plan :: CVE-2021-43784 :: security/mounts.test.ts :: mounts: more of all than anybody needs is taken as it is or refused, never cut short (CVE-2021-43784)
files of the engine through a link of the root :: CVE-2024-5154, CVE-2025-24965, CVE-2024-9341 :: system/networks/names.test.ts :: an image whose /etc or /run leads to a directory of the host gets nothing made there (CVE-2024-5154)
/etc/mtab through a link of the root :: CVE-2024-5154 :: system/containers/accounts.test.ts :: /etc/mtab of an image whose /etc leads to the host is not made there
a working directory is made through a link :: CVE-2026-55686 :: launch/identity.test.ts :: workingDirectory: a link within the root is followed, one out of it ends in the root
masks that were forgotten :: CVE-2017-16539, CVE-2018-10892, GHSA-jq35-85cj-fj4p, GHSA-6fw5-f8r9-fgfm :: security/confinement.test.ts :: masks: all that was once forgotten is hidden or read-only, and is there when that is asked for
sockets of the kernel's crypto code :: CVE-2026-31431 :: security/confinement.test.ts :: seccomp: no sockets of AF_ALG and AF_VSOCK, whatever way a program asks for them (CVE-2026-31431)
the release agent of cgroups, calls of the kernel :: CVE-2022-0492 :: security/confinement.test.ts :: seccomp: calls that have led out of containers are refused to its root (CVE-2022-0492)
the default profile differs from Podman's :: - :: unit/spec/seccomp.test.ts :: with \${name} capabilities the same calls are allowed and refused as by Podman's profile
a helper that is set-uid :: CVE-2016-8659, CVE-2020-5291, CVE-2026-41163 :: system/native/monitor.test.ts :: a monitor that others may change is not started
typing into the caller's terminal :: CVE-2017-5226 :: security/confinement.test.ts :: terminal: nothing is typed into the caller’s by a container or a command in it, with a terminal or without (CVE-2017-5226)
the caller's terminal as the container's own :: CVE-2017-5226 :: security/confinement.test.ts :: terminal: the log driver passthrough does not give the caller’s to the container
a socket of the engine in the network namespace :: CVE-2020-15257 :: security/confinement.test.ts :: network: host: no socket of ours is within the reach of a container (CVE-2020-15257)
`;

const USERS = `
a number is looked up as a name, or overflows :: CVE-2016-3697, CVE-2024-40635, CVE-2026-46680, CVE-2026-30892 :: system/containers/identity.test.ts :: run and exec: users, groups and capabilities\${change.uidMaps === undefined ? '' : ', in a user namespace'}
inheritable and ambient capabilities :: CVE-2022-24769, CVE-2022-27649, CVE-2022-27651, CVE-2022-29162 :: system/containers/identity.test.ts :: a capability that was added by name is ambient for a user, never inheritable for root
a user who is not root keeps capabilities of root :: CVE-2016-8867, CVE-2018-1000400, CVE-2018-10856, CVE-2021-20188 :: security/users.test.ts :: users: one who is not root has no capabilities, and a set-uid program none beyond the container’s (CVE-2016-8867, CVE-2021-20188)
a command with another user has capabilities added for the container's user :: - :: system/containers/identity.test.ts :: exec: a capability that was added by name is not for users other than the container’s own
a hook's program comes from the image :: - :: security/users.test.ts :: users: a hook whose program is the image’s may what the command may, and nothing more
groups that are missing, or the caller's :: CVE-2022-2989, CVE-2022-2990, CVE-2022-2995, CVE-2022-36109, CVE-2023-25173 :: security/users.test.ts :: users: groups of the caller do not come along, the primary one is among them (CVE-2022-2989, CVE-2022-36109, CVE-2023-25173)
files of accounts of unbounded size :: CVE-2025-4437, CVE-2026-47262 :: security/users.test.ts :: users: files of accounts without measure cost no memory, and are refused or bounded (CVE-2025-4437, CVE-2026-47262)
files of accounts that are endless when top reads them :: CVE-2025-4437 :: security/users.test.ts :: top: a container that makes its accounts endless or a pipe keeps nobody
a hosts file of unbounded size, which other containers share :: - :: system/networks/names.test.ts :: a shared network: a file of hosts without measure is left alone, and keeps nobody from joining
a command has more rights than its container :: CVE-2025-27612 :: unit/spec/exec.test.ts :: an exec never holds more than its container, but with privileged
a command has more rights than its container, in the kernel :: CVE-2025-27612 :: system/cli/exec.test.ts :: exec: the rights are those of the container, or all with --privileged
sysctls that smuggle another :: CVE-2022-0811, CVE-2022-0532 :: security/confinement.test.ts :: sysctls: none that smuggles another, none of the host’s (CVE-2022-0811, CVE-2022-0532)
labels and annotations that change how a container is run :: CVE-2024-3154, CVE-2023-6476, CVE-2026-94603, CVE-2026-53488 :: security/confinement.test.ts :: images and callers: no label or annotation changes how a container is kept (CVE-2026-94603, CVE-2026-53488, CVE-2024-3154)
processes outside of their cgroup :: CVE-2025-47291 :: system/containers/userns.test.ts :: all processes of a container in a user namespace are in its cgroup, those of an exec too
the supervisor in the container's memory :: CVE-2019-14891 :: security/users.test.ts :: memory: a container that takes all of it ends alone; who looks after it says why (CVE-2019-14891)
shared memory that outlives its containers, or is unbounded :: CVE-2024-3056 :: system/files/shared-memory.test.ts :: it lives as long as the last who shares it, and the host never has a mount of it
shared memory is bounded for all who share it :: CVE-2024-3056 :: system/files/shared-memory.test.ts :: what does not fit is refused by the kernel, for all who share it together
lists that expand without bound :: CVE-2018-20699 :: security/confinement.test.ts :: numbers: lists that would be endless are refused or bounded before anything is made (CVE-2018-20699)
root of a user namespace in the store :: CVE-2021-21284 :: system/containers/userns.test.ts :: the store is closed to the container’s root on the host (CVE-2021-21284)
an image takes the ids of all others :: - :: unit/spec/userns.test.ts :: no image makes an automatic namespace larger than 65536 IDs
an image has its health checked without a pause :: - :: unit/spec/image.test.ts :: health: checks of an image follow each other, and end, after 100 ms at the earliest
`;

const STORAGE = `
archives that leave the place where they are unpacked :: CVE-2026-17106, CVE-2025-11395, CVE-2020-10696, CVE-2025-47290, CVE-2014-6407, CVE-2015-3629, CVE-2021-29136, CVE-2021-32760 :: security/storage.test.ts :: archives: nothing of a layer, an import or a copy lands outside, nor changes a mode there (CVE-2025-11395, CVE-2020-10696, CVE-2021-29136, CVE-2021-32760)
whiteouts that delete elsewhere :: - :: system/images/unpack.test.ts :: unpack: ".." is refused, in names, hard links and whiteouts
attributes of overlayfs in a layer :: - :: system/images/unpack.test.ts :: unpack: attributes by which overlayfs knows its own are not taken from an image
a layout in an archive is links to the host :: CVE-2025-11395 :: security/storage.test.ts :: load: a layout in an archive whose files are links to the host is refused (CVE-2025-11395)
a layout in a directory is links to the host :: CVE-2025-11395 :: unit/image/archives.test.ts :: oci: links in a layout are not followed (CVE-2025-11395)
archives without an end :: CVE-2017-14992, CVE-2025-58183, CVE-2023-25153 :: unit/image/archives.test.ts :: archive: a compressed one that grows without end is given up
headers of archives without an end :: CVE-2025-58183 :: unit/tar/hostile.test.ts :: pax headers without an end are refused, and take no memory
layers of unbounded size :: CVE-2023-25153 :: system/images/unpack.test.ts :: unpack: too many entries, too many directories, too many bytes are refused
layers that fill the disk :: - :: security/storage.test.ts :: layers: one that grows beyond the disk is refused, and the disk is as it was (decompression bombs)
layers that are not what they say, a lock that is held :: CVE-2021-20291 :: security/storage.test.ts :: layers: damaged ones are refused at once, and keep nobody else (CVE-2021-20291)
programs and libraries of the container run on the host :: CVE-2019-14271, CVE-2022-1227, CVE-2026-41567 :: security/storage.test.ts :: files: no program or library of the container is used outside of it (CVE-2019-14271, CVE-2022-1227, CVE-2026-41567)
directories are swapped during a copy or an export :: CVE-2018-15664, CVE-2019-10152, CVE-2023-0778, CVE-2026-41568, CVE-2021-41089 :: security/storage.test.ts :: files: copies, exports, diffs and commits while the container swaps directories for links to the host (CVE-2018-15664, CVE-2023-0778, CVE-2026-41568)
directories of a mount are swapped during a copy :: CVE-2018-15664, CVE-2026-42306 :: system/files/copy.test.ts :: copy: a racer that swaps directories for links to the host leads nothing out
directories are swapped while sizes are counted :: - :: security/storage.test.ts :: files: sizes while the container swaps directories for links to the host
files that the container may not write are mounted where a copy goes :: - :: security/copy.test.ts :: cp: what a container mounts or links of files that it may not write is not written, given away or replaced
the same by links and the command line :: - :: security/copy.test.ts :: cp: the same by the command line, also through links
a directory of the host takes the place of one that a copy makes :: - :: security/copy.test.ts :: cp: a racer that puts a directory of the host in the place of one that is made gets nothing of it
names of files are patterns on the host :: CVE-2019-18466 :: system/files/copy.test.ts :: copy: no link leads out of a \${state} container, neither by name nor by archive
set-uid programs are copied out :: - :: security/storage.test.ts :: copy: what comes out of a container has no rights of who asked for it
directories are swapped while they are deleted :: CVE-2022-21658 :: system/native/tree.test.ts :: a directory that is swapped for a link meanwhile leads nowhere
the store is accessible to other users :: CVE-2021-41091, CVE-2021-41103, CVE-2024-25621 :: security/storage.test.ts :: store: it is closed to others whatever the umask, set-uid programs of layers too (CVE-2021-41091, CVE-2024-25621)
names that are paths :: CVE-2021-20206 :: security/storage.test.ts :: names: what is no plain name is refused before anything is made of it (CVE-2021-20206)
names of kept files that are paths :: - :: system/files/artifacts.test.ts :: artifacts: a name leads nowhere else
named volumes: what an image has there is copied once, into an empty one :: CVE-2020-1726, CVE-2022-23648 :: system/files/volumes.test.ts :: an empty volume gets what the image has at its place, once
named volumes: a place in the image that is a link :: CVE-2022-23648 :: system/files/volumes.test.ts :: what an image has at the place of a volume never leads out of the container
named volumes: archives that are imported :: CVE-2025-11395, CVE-2018-15664 :: system/files/volumes.test.ts :: export and import: archives out of a volume and into one, and never beside it
a lease on /etc/hosts keeps others waiting :: - :: security/engine-files.test.ts :: names: a container that holds a lease on its /etc/hosts keeps nobody waiting
a pid file is a fifo or a link :: - :: security/engine-files.test.ts :: pidfile: where the container has made \${what} of it, the start is refused and nobody waits
a log is a fifo for who reads it :: - :: security/engine-files.test.ts :: logs: where the container has made a fifo of its log, it is not waited for
`;

const IMAGES = `
a digest that is a path :: CVE-2024-3727 :: security/images.test.ts :: run: a digest that is a path, of another kind, or too short is refused before anything is asked for (CVE-2024-3727)
blobs that are not those of their digest :: - :: system/images/images.test.ts :: pull: bytes that are not those of the digest are refused, and not kept
blobs of another length :: - :: system/images/images.test.ts :: pull: more bytes than the manifest says are refused, and fewer
a layer that is not the one of the config :: - :: system/images/images.test.ts :: pull: a layer that is not the one of the config is refused
bytes that are a manifest and an index :: CVE-2021-41190 :: unit/oci/parse-image.test.ts :: both (CVE-2021-41190)
malformed manifests and configs :: CVE-2021-21285, CVE-2024-36620 :: unit/oci/parse-image.test.ts :: manifest: names that mean something to JavaScript are names
indexes of indexes :: CVE-2026-53493 :: security/images.test.ts :: pull: indexes that lead to indexes come to an end at once (CVE-2026-53493)
credentials go where a redirect leads :: CVE-2020-15157 :: unit/image/registry/client.test.ts :: redirect: followed, without who we are (CVE-2020-15157)
the server that a redirect leads to asks for the password :: CVE-2020-15157 :: unit/image/registry/client.test.ts :: redirect: who answers there gets no password by a challenge of its own
credentials or content over HTTP that was not allowed :: CVE-2019-10214 :: unit/image/registry/client.test.ts :: client: without leave, nothing is said over HTTP
the file of logins is accessible to other users :: CVE-2021-41092 :: unit/image/auth/logins.test.ts :: logins: kept for the owner alone, with what else the file says
secrets in logs, events and arguments :: CVE-2019-13509, CVE-2021-41092 :: security/images.test.ts :: secrets: neither logs nor events, arguments or files of others tell them (CVE-2019-13509, CVE-2021-41092)
environments of other containers :: CVE-2021-21334, CVE-2020-14370 :: security/images.test.ts :: create: of many at one time each has its own environment and no other’s (CVE-2021-21334, CVE-2020-14370)
control characters on a terminal :: - :: security/images.test.ts :: terminal: control characters of names, labels, commands and processes are shown, not sent
control characters on a terminal, with Podman :: - :: security/images.test.ts :: terminal: Podman 4.3 sends them
checkpoints in images, archives of checkpoints :: CVE-2026-94603, CVE-2026-53489, CVE-2026-50195, CVE-2024-8676 :: - :: there are no checkpoints; annotations that ask for one are inert (the second table)
builds :: CVE-2024-1753, CVE-2024-9407, CVE-2022-4122, CVE-2021-3602 :: - :: there is no build
`;

const MONITOR = `
unbounded output of a command is kept :: CVE-2022-1708, CVE-2022-31030 :: launch/health.test.ts :: health: of much output the first bytes are kept, and it costs no memory
pids of processes that are being ended are reused by others :: - :: security/monitors.test.ts :: health: a check that reaps its children while it is ended has no process of the host signalled in their place
pids are reused while a cgroup is emptied :: - :: launch/cgroups.test.ts :: cgroupRemove: who is in the group no longer when its process is held is left alone
a client that does not read :: CVE-2022-1708 :: launch/attach.test.ts :: attach: a slow client slows the container down, loses nothing, and costs bounded memory
clients that come and go leave something :: CVE-2022-23471, CVE-2025-64329 :: launch/attach.test.ts :: attach: 1000 clients one after the other leave no descriptor and no memory behind
commands leave something :: CVE-2022-31030 :: launch/health.test.ts :: health: checks leave no descriptor behind
the log is a link :: CVE-2025-0750 :: launch/logs.test.ts :: logs: a symlink at the path is refused before anything runs
the log is a pipe :: CVE-2025-0750 :: launch/logs.test.ts :: logs: a fifo at the path is refused
output that looks like a record of the log :: - :: launch/logs.test.ts :: logs: output that looks like a record is content
a line without an end :: - :: launch/logs.test.ts :: logs: a line of 1 MiB without a newline is many partial records
messages that are none :: CVE-2021-43784 :: launch/handshake.test.ts :: a launch that claims another length is refused
the socket of a monitor is open to others :: CVE-2020-15257 :: launch/attach.test.ts :: attach: the socket is for the user alone
a helper that others can change :: CVE-2025-15558 :: system/native/monitor.test.ts :: a monitor that others may change is not started
an API on a socket :: CVE-2026-34040, CVE-2024-41110 :: - :: there is none
`;

const NETWORKS = `
a container says that it is the router :: CVE-2020-10749, CVE-2020-13401 :: security/network.test.ts :: network: a container that says that it is the router changes no route of the host (CVE-2020-10749)
IPv6 where nobody asked for it :: CVE-2024-32473 :: security/network.test.ts :: network: one without IPv6 gives its containers none (CVE-2024-32473)
a published port takes what is for others :: CVE-2025-67499 :: security/network.test.ts :: network: what goes through the host to others is not taken for a published port (CVE-2025-67499)
a port of the loopback is reached from elsewhere :: CVE-2025-54410 :: security/network.test.ts :: network: a port of the host’s loopback is for the host alone (CVE-2025-54410)
an internal network has a way out :: CVE-2024-29018 :: system/networks/network.test.ts :: an internal network has no way out, whatever routes its container makes (CVE-2024-29018)
a container leaves its network namespace for one where it may do all :: - :: security/network.test.ts :: network: a container that has left its network namespace gets no interface where it is
the same with a user namespace of its own :: - :: security/network.test.ts :: network: a container with a user namespace that has left its network namespace gets no interface either
the same with another OCI runtime :: - :: security/network.test.ts :: network: a container of another OCI runtime that has left its network namespace gets no interface either
names, options and subnets of networks :: CVE-2021-20206 :: system/cli/network.test.ts :: network create: hostile input is refused and leaves nothing behind
`;

export const SECURITY_AREAS = [
  { name: 'Entering a container, mounts, /proc and /dev', items: parse(RUNTIME) },
  { name: 'Users, capabilities, cgroups', items: parse(USERS) },
  { name: 'Files, archives, the store', items: parse(STORAGE) },
  { name: 'Images, registries, secrets', items: parse(IMAGES) },
  { name: 'Monitors, logs, clients', items: parse(MONITOR) },
  { name: 'Networks', items: parse(NETWORKS) },
].map((area) => ({ ...area, columns: ['attack', 'advisories', 'file', 'test', 'fails without'] }));

function parse(text) {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [item, advisories, file, title] = line.split(' :: ');
      return file === '-'
        ? { item, missing: title }
        : shown({ item, cells: [advisories === '-' ? '' : advisories], file: `test/${file}`, title });
    });
}

function shown(item) {
  return { ...item, more: [seenToFail(item)] };
}
