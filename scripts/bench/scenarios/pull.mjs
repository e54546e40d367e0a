import { join } from 'node:path';
import { packDebian } from '../image-root.mjs';
import { race, runProgram, timed } from '../measure.mjs';
import { ratio } from '../ratio.mjs';
import { startRegistry } from '../registry.mjs';

export const title =
  'pull a minimal Debian from a registry on this machine and unpack it, whole process, gzip and zstd';

export const needs = { debootstrap: 'debootstrap', 'docker-registry': 'docker-registry', skopeo: 'skopeo' };

const COMPRESSIONS = ['gzip', 'zstd'];
const INSECURE = '--tls-verify=false';

export async function run({ directory, tspodCli, podman }, { rounds = 10 }) {
  const registry = await startRegistry(join(directory, 'registry'));
  try {
    await fill(registry.host, { directory, tspodCli });
    const peaks = [];
    const contestants = COMPRESSIONS.flatMap((compression) => {
      const image = `${registry.host}/debian:${compression}`;
      return [
        {
          name: `tspod ${compression}`,
          once: async () => {
            await settle();
            const onPeak = (bytes) => peaks.push(bytes);
            const nanoseconds = await timed(() => tspodCli(['pull', '--quiet', INSECURE, image], { onPeak }));
            await tspodCli(['rmi', image]);
            return nanoseconds;
          },
        },
        {
          name: `podman ${compression}`,
          once: async () => {
            await settle();
            const { nanoseconds } = await podman(['pull', '--quiet', INSECURE, image]);
            await podman(['rmi', image]);
            return nanoseconds;
          },
        },
      ];
    });
    const results = await race(contestants, { rounds, warmUp: 1 });
    const ratios = COMPRESSIONS.map((compression) =>
      ratio(results, {
        name: `tspod pull / podman pull, ${compression}`,
        ours: `tspod ${compression}`,
        peer: `podman ${compression}`,
        atMost: 1.0,
      }),
    );
    const [most, ours] = [Math.max(...peaks), 'memory'];
    const memory = { name: 'most memory of a pull, MiB', ours, value: most / 2 ** 20, atMost: 300 };
    return {
      results: { ...results, memory: { kilobytesEach: most / 1024 } },
      ratios: [...ratios, ratio(results, memory)],
    };
  } finally {
    registry.close();
  }
}

/** The same layer in both compressions, sent by skopeo. */
async function fill(host, { directory, tspodCli }) {
  const archive = join(directory, 'debian.oci');
  await tspodCli(['import', '--quiet', await packDebian(directory), 'localhost/debian']);
  await tspodCli(['save', '--quiet', '--format', 'oci-archive', '-o', archive, 'localhost/debian']);
  await tspodCli(['rmi', 'localhost/debian']);
  for (const compression of COMPRESSIONS) {
    const target = `docker://${host}/debian:${compression}`;
    const format = ['--dest-compress-format', compression, '--dest-tls-verify=false'];
    const plain = `dir:${join(directory, `plain-${compression}`)}`;
    await runProgram('skopeo', ['--insecure-policy', 'copy', '--dest-decompress', `oci-archive:${archive}`, plain]);
    await runProgram('skopeo', ['--insecure-policy', 'copy', '--dest-compress', ...format, plain, target]);
  }
}

/** What the one before has written is none of the next one's work. */
function settle() {
  return runProgram('sync');
}
