/** AppArmor: tspod's own profile, profiles by name, and names that nobody has loaded; seen by what the container may do. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'ava';
import type { ExecutionContext } from 'ava';

import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';

const OWN = 'cat /proc/self/attr/current';

async function confined(t: ExecutionContext): Promise<TestEngine | undefined> {
  return requires(t, 'root', 'overlay', 'apparmor', 'apparmor_parser') ? testEngine(t) : undefined;
}

/** A profile that lets everything be done but the file be written. */
function loadProfile(t: ExecutionContext, denied: string): string {
  const name = `tspod-test-${randomBytes(6).toString('hex')}`;
  const rules = `file, capability, network, mount, umount, signal, ptrace, deny ${denied} w,`;
  const parse = (...flags: readonly string[]) =>
    execFileSync('apparmor_parser', [...flags, '--skip-cache'], {
      input: `profile ${name} flags=(attach_disconnected) { ${rules} }`,
    });
  parse('--replace');
  t.teardown(() => parse('--remove'));
  return name;
}

test('apparmor: a container has a profile of tspod, which forbids to mount', async (t) => {
  const env = await confined(t);
  if (env === undefined) return;
  const container = await env.engine.containers.create(
    env.options({
      command: ['sleep', '1000'],
      stopSignal: 'KILL',
      capAdd: ['SYS_ADMIN'],
      security: { seccompProfile: 'unconfined' },
    }),
  );
  await container.start();
  const { pid } = container.state();
  t.is(readFileSync(`/proc/${String(pid)}/attr/current`, 'utf8').trim(), 'tspod-default-1 (enforce)');
  t.is((await container.exec({ command: ['sh', '-c', OWN] })).stdout.trim(), 'tspod-default-1 (enforce)');
  const mount = await container.exec({ command: ['mount', '-t', 'tmpfs', 'tmpfs', '/mnt'] });
  t.not(mount.exitCode, 0);
  // What mount(8) makes of EACCES depends on its version.
  const mounted = await container.exec({ command: ['cut', '-d', ' ', '-f', '5', '/proc/self/mountinfo'] });
  t.false(mounted.stdout.split('\n').includes('/mnt'), mount.stderr);
  t.is(container.inspect().AppArmorProfile, 'tspod-default-1');
  // Signals from outside and within reach it.
  t.is((await container.exec({ command: ['sh', '-c', 'sleep 100 & kill $!; wait $!; echo $?'] })).stdout, '143\n');
  await container.stop();
  t.is(container.state().exitCode, 137);
});

test('apparmor: unconfined when asked for, and when privileged', async (t) => {
  const env = await confined(t);
  if (env === undefined) return;
  const command = ['sh', '-c', `${OWN}; mount -t tmpfs tmpfs /mnt && echo mounted`];
  const asked = await env.engine.run(
    env.options({
      command,
      capAdd: ['SYS_ADMIN'],
      security: { seccompProfile: 'unconfined', apparmorProfile: 'unconfined' },
    }),
  );
  t.regex(asked.stdout, /^unconfined\n/);
  t.regex(asked.stdout, /mounted/);
  const privileged = await env.engine.run(env.options({ command, privileged: true }));
  t.regex(privileged.stdout, /^unconfined\n/);
});

test('apparmor: a profile is taken by its name, for the container and what is executed in it', async (t) => {
  const env = await confined(t);
  if (env === undefined) return;
  const profile = loadProfile(t, '/denied');
  const container = await env.engine.containers.create(
    env.options({ command: ['sleep', '1000'], stopSignal: 'KILL', security: { apparmorProfile: profile } }),
  );
  await container.start();
  t.is(readFileSync(`/proc/${String(container.state().pid)}/attr/current`, 'utf8').trim(), `${profile} (enforce)`);
  const { stdout, stderr } = await container.exec({
    command: ['sh', '-c', 'echo x >/allowed && cat /allowed; echo x >/denied; cat /proc/self/attr/current'],
  });
  t.is(stdout, `x\n${profile} (enforce)\n`);
  t.regex(stderr, /denied: Permission denied/);
  t.is(container.inspect().AppArmorProfile, profile);
});

test('apparmor: a profile that is not loaded is refused, and nothing is left', async (t) => {
  const env = await confined(t);
  if (env === undefined) return;
  const options = env.options({ command: ['true'], security: { apparmorProfile: 'no-such-profile' } });
  const text = 'AppArmor profile "no-such-profile" specified but not loaded';
  t.is(await rejectsWith(t, env.engine.containers.create(options), 'INVALID_ARGUMENT'), text);
  t.is(await rejectsWith(t, env.engine.run(options), 'INVALID_ARGUMENT'), text);
  t.deepEqual(env.engine.containers.list({ all: true }), []);
  await env.assertNothingLeft();
});
