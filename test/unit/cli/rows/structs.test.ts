/** What templates find of a thing that says nothing of a field, and what it is there as JSON. */
import test from 'ava';

import { renderTemplate } from '../../../../src/cli/format/template.js';
import type { GoValue } from '../../../../src/cli/format/values.js';
import { containerStruct } from '../../../../src/cli/rows/container-struct.js';
import { imageStruct } from '../../../../src/cli/rows/image-struct.js';
import { networkRow, networkStruct } from '../../../../src/cli/rows/network.js';
import { podInspectStruct } from '../../../../src/cli/rows/pod-struct.js';
import type { ContainerInspect } from '../../../../src/container/inspect/types.js';
import type { ImageInspect } from '../../../../src/engine/images/types.js';
import type { Network } from '../../../../src/network/network-file.js';
import type { PodInspect } from '../../../../src/pod/api.js';

const CONTAINER = containerStruct({
  Id: 'c',
  State: {},
  Mounts: [{ Type: 'bind' }],
  NetworkSettings: { Ports: {} },
  Config: { Domainname: 'd', Entrypoint: null },
  HostConfig: { LogConfig: { Config: null }, CgroupConf: null },
} as unknown as ContainerInspect);

const ON_NETWORKS = containerStruct({
  NetworkSettings: { Networks: { Labels: { IPAddress: '10.1.2.3', DriverOpts: null } } },
} as unknown as ContainerInspect);

const NETWORK: Network = {
  name: 'n',
  id: 'a'.repeat(64),
  driver: 'macvlan',
  created: '2026-01-01T00:00:00Z',
  subnets: [{ subnet: '10.0.0.0/24' }],
  ipv6_enabled: false,
  internal: false,
  dns_enabled: false,
};

const POD = podInspectStruct({ Id: 'p', Name: 'p', NumContainers: 0 } as unknown as PodInspect);
const INFRA = podInspectStruct({ InfraConfig: { DNSServer: null, NetworkOptions: null } } as unknown as PodInspect);
const IMAGE = imageStruct({ Id: 'i', Config: {}, Labels: null } as unknown as ImageInspect);

const makes = test.macro({
  exec: (t, value: GoValue, template: string, wanted: string) => {
    t.is(renderTemplate('x', template, value), wanted);
  },
  title: (_, value, template) =>
    `${value !== null && typeof value === 'object' && 'type' in value ? value.type : ''}: ${template}`,
});

test(makes, CONTAINER, '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', '');
test(makes, CONTAINER, '{{len .NetworkSettings.Networks}} {{index .NetworkSettings.Networks "x"}}', '0 <nil>');
test(makes, CONTAINER, '{{.NetworkSettings.Networks}} {{json .NetworkSettings.Networks}}', 'map[] null');
test(makes, CONTAINER, '{{json .NetworkSettings.Ports}} {{index .NetworkSettings.Ports "80/tcp"}}', '{} []');
test(
  makes,
  CONTAINER,
  '{{.NetworkSettings.SecondaryIPAddresses}} {{.NetworkSettings.AdditionalMacAddresses}}',
  '[] []',
);
test(makes, CONTAINER, '{{.HostConfig.Init}} {{.HostConfig.IDMappings}} {{.HostConfig.VolumesFrom}}', 'false <nil> []');
test(makes, CONTAINER, '{{index .HostConfig.LogConfig.Config "x"}}{{len .HostConfig.CgroupConf}}', '0');
test(makes, CONTAINER, '{{.Config.DomainName}} {{.Config.Domainname}} {{.Config.Timezone}}', 'd d ');
test(makes, CONTAINER, '{{.Config.Secrets}} {{.Config.ChrootDirs}} {{json .Config.Secrets}}', '[] [] null');
test(makes, CONTAINER, '{{.Config.SystemdMode}} {{.Config.Volumes}} {{.Config.Entrypoint}}', 'false map[] []');
test(makes, CONTAINER, '{{.Config.HealthcheckOnFailureAction}} {{.Config.Healthcheck}}', 'none <nil>');
test(makes, CONTAINER, '{{.State.Checkpointed}} {{.State.Restored}} {{.State.RestoredAt.Year}}', 'false false 1');
test(makes, CONTAINER, '{{.State.Health}} {{if .State.Healthcheck}}y{{else}}n{{end}}', '<nil> n');
test(makes, CONTAINER, '{{range .Mounts}}[{{.Name}}]{{end}} {{.SizeRw}} {{.SizeRootFs}}', '[] <nil> 0');
test(makes, CONTAINER, '{{json .State}} {{json .Config}}', '{} {"Domainname":"d","Entrypoint":null}');
test(
  makes,
  ON_NETWORKS,
  '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{index .DriverOpts "x"}}{{.Links}}{{end}}',
  '10.1.2.3 []',
);
test(
  makes,
  networkStruct(NETWORK),
  '[{{index .Labels "x"}}{{index .Options "mtu"}}] {{.Options}} {{.Routes}}',
  '[] map[] []',
);
test(
  makes,
  networkStruct(NETWORK),
  '{{json .Labels}} {{.NetworkInterface}}{{range .Subnets}}{{.Gateway}}{{end}}',
  'null <nil>',
);
test(makes, networkStruct(NETWORK), '{{json .}}', JSON.stringify(NETWORK));
test(
  makes,
  networkStruct({
    ...NETWORK,
    containers: {
      c1: { name: 'a', interfaces: { eth0: { subnets: [{ ipnet: '10.0.0.2/24' }], mac_address: '02:' } } },
    },
  }),
  '{{range $id, $c := .Containers}}{{$id}} {{.Name}}{{range .Interfaces}} {{.MacAddress}}{{range .Subnets}} {{.IPNet}} {{.Gateway}}{{end}}{{end}}{{end}}',
  'c1 a 02: 10.0.0.2/24 <nil>',
);
test(
  makes,
  networkRow(NETWORK, true),
  '{{.ID}} [{{.Labels}}] {{.Options}} {{.IPAMOptions}} {{.Name}}',
  'aaaaaaaaaaaa [] map[] map[] n',
);
test(makes, POD, '{{len .Containers}} {{.CPUPeriod}} {{.SharedNamespaces}} {{.Labels}}', '0 0 [] map[]');
test(
  makes,
  POD,
  '{{index .Labels "x"}}{{.InfraConfig}} {{.BlkioDeviceReadBps}} {{.MemoryLimit}}{{.Namespace}}',
  '<nil> [] 0',
);
test(makes, POD, '{{json .}}', '{"Id":"p","Name":"p","NumContainers":0}');
test(
  makes,
  INFRA,
  '{{with .InfraConfig}}{{len .DNSServer}} {{.CPUQuota}} {{index .NetworkOptions "x"}}{{end}}',
  '0 0 []',
);
test(
  makes,
  IMAGE,
  '{{.HealthCheck}} {{.Labels}} {{json .Labels}} {{.Config.Volumes}} {{len .Config.Cmd}}',
  '<nil> map[] null map[] 0',
);
test(makes, IMAGE, '{{index .Config.ExposedPorts "80/tcp"}}', '{}');
