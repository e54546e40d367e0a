/** Lines of pod ps and pod stats. */
import test from 'ava';

import { renderReport } from '../../../../src/cli/format/report.js';
import { POD_HEADINGS, podJson, podStruct, podTexts, sortPods } from '../../../../src/cli/rows/pod.js';
import { podInspectStruct } from '../../../../src/cli/rows/pod-struct.js';
import { byContainer } from '../../../../src/cli/targets/pods.js';
import { podStatsJson } from '../../../../src/cli/rows/pod-stats.js';
import { TspodError } from '../../../../src/errors.js';
import type { PodInspect, PodSummary } from '../../../../src/pod/api.js';

const NOW = new Date('2026-01-01T12:00:00Z');

function pod(name: string, fields: Partial<PodSummary> = {}): PodSummary {
  return {
    id: name.repeat(64).slice(0, 64),
    name,
    createdAt: new Date(NOW.getTime() - 90_000),
    status: 'Running',
    labels: {},
    containers: [],
    infraId: '',
    share: [],
    networks: [],
    cgroup: '',
    restartPolicy: '',
    ...fields,
  };
}

const WEB = pod('a', {
  labels: { tier: 'web' },
  infraId: '1'.repeat(64),
  share: ['ipc', 'net'],
  networks: ['one', 'two'],
  cgroup: '/tspod/pod_a',
  containers: [
    { id: '1'.repeat(64), name: 'aaa-infra', status: 'running', isInfra: true },
    { id: '2'.repeat(64), name: 'app', status: 'exited', isInfra: false },
  ],
});

test('pod ps: texts, with ids cut or not', (t) => {
  const texts = podTexts(WEB, { now: NOW, truncate: true });
  t.deepEqual(texts, {
    ID: 'a'.repeat(12),
    Name: 'a',
    Status: 'Running',
    Created: 'About a minute ago',
    InfraID: '1'.repeat(12),
    ContainerIds: `${'1'.repeat(12)},${'2'.repeat(12)}`,
    ContainerNames: 'aaa-infra,app',
    ContainerStatuses: 'running,exited',
    Namespace: 'ipc,net',
    NumberOfContainers: '2',
  });
  t.like(podTexts(WEB, { now: NOW, truncate: false }), {
    ID: 'a'.repeat(64),
    InfraID: '1'.repeat(64),
    ContainerIds: `${'1'.repeat(64)},${'2'.repeat(64)}`,
  });
});

test('pod ps: fields of a template, and their headings', (t) => {
  const row = podStruct(WEB, { now: NOW, truncate: true });
  const render = (format: string) => renderReport({ name: 'ps', format, rows: [row], headings: POD_HEADINGS });
  t.is(render('{{.Id}} {{.ID}} {{.InfraId}}'), `${'a'.repeat(12)} ${'a'.repeat(12)} ${'1'.repeat(12)}\n`);
  t.is(render('{{.Networks}} {{.Labels}} {{.Labels.tier}} {{.Cgroup}}'), 'one,two map[tier:web] web /tspod/pod_a\n');
  t.is(render('{{range .Containers}}{{.Names}}={{.Status}} {{end}}'), 'aaa-infra=running app=exited \n');
  t.is(render('{{if gt .NumberOfContainers 1}}several{{end}}'), 'several\n');
  for (const name of Object.keys(row.fields)) t.true(Object.hasOwn(POD_HEADINGS, name), name);
});

test('pod ps: the object of --format json', (t) => {
  t.deepEqual(podJson(WEB), {
    Cgroup: '/tspod/pod_a',
    Containers: [
      { Id: '1'.repeat(64), Names: 'aaa-infra', Status: 'running' },
      { Id: '2'.repeat(64), Names: 'app', Status: 'exited' },
    ],
    Created: '2026-01-01T11:58:30.000Z',
    Id: 'a'.repeat(64),
    InfraId: '1'.repeat(64),
    Name: 'a',
    Namespace: '',
    Networks: ['one', 'two'],
    Status: 'Running',
    Labels: { tier: 'web' },
  });
});

test('pod ps: orders', (t) => {
  const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
  const rows = [
    pod('c', { createdAt: at(0), containers: WEB.containers, status: 'Running' }),
    pod('a', { createdAt: at(1), status: 'Exited' }),
    pod('b', { createdAt: at(1), containers: WEB.containers.slice(1), status: 'Created' }),
  ];
  const names = (by: string) => sortPods(rows, by).map(({ name }) => name);
  t.deepEqual(names('created'), ['b', 'a', 'c']);
  t.deepEqual(names('id'), ['a', 'b', 'c']);
  t.deepEqual(names('name'), ['a', 'b', 'c']);
  t.deepEqual(names('number'), ['a', 'b', 'c']);
  t.deepEqual(names('status'), ['b', 'a', 'c']);
});

test('pod stats: what does not run, and what is nothing, is dashes', (t) => {
  const ids = { pod: 'a'.repeat(64), id: '1'.repeat(64), name: 'app' };
  t.deepEqual(podStatsJson({ ...ids, stats: undefined }), {
    CPU: '--',
    MemUsage: '-- / --',
    MemUsageBytes: '-- / --',
    Mem: '--',
    NetIO: '-- / --',
    BlockIO: '-- / --',
    PIDS: '--',
    Pod: 'a'.repeat(12),
    CID: '1'.repeat(12),
    Name: 'app',
  });
  const stats = {
    id: ids.id,
    name: 'app',
    timeMs: 0,
    cpu: { percent: 12.345, averagePercent: 0, totalNs: 0, userNs: 0, systemNs: 0 },
    memory: { usageBytes: 2048, limitBytes: 1048576, percent: 0.2 },
    network: { receivedBytes: 0, sentBytes: 0, links: {} },
    block: { readBytes: 1000, writtenBytes: 0 },
    pids: 3,
  };
  t.like(podStatsJson({ ...ids, stats }), {
    CPU: '12.35%',
    MemUsage: '2.048kB / 1.049MB',
    MemUsageBytes: '2KiB / 1MiB',
    Mem: '0.20%',
    NetIO: '-- / --',
    BlockIO: '1kB / 0B',
    PIDS: '3',
  });
});

test('pod inspect: a template finds what is left out of the JSON empty, and both names of a field', (t) => {
  const found = { Id: 'x', Name: 'web', Created: NOW.toISOString(), cpu_period: 5, NumContainers: 0 };
  const rows = [podInspectStruct(found as unknown as PodInspect)];
  const format = '{{.ID}} {{.Id}} {{.CPUPeriod}} {{.InfraContainerID}}{{range .Containers}}x{{end}} {{.Created.Year}}';
  t.is(renderReport({ name: 'inspect', format, rows }), 'x x 5  2026\n');
});

test('an error of some containers of a pod is one line for each', (t) => {
  const errors = new Map([
    ['1', new Error('no')],
    ['2', new Error('not either')],
  ]);
  const partial = new TspodError('POD_PARTIAL_FAIL', 'all in one', { details: { id: 'p', errors } });
  t.deepEqual(
    byContainer(partial, 'starting container').map((error) => (error as Error).message),
    ['starting container 1: no', 'starting container 2: not either'],
  );
  const other = new TspodError('NO_SUCH_POD', 'gone');
  t.deepEqual(byContainer(other, 'starting container'), [other]);
});
