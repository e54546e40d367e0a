/** What is done with images. LAYER: an archive of a small root. */

import { scenario } from './scenario.mjs';

const BASE = 'import -q LAYER base:1';
const CHILD = [
  BASE,
  'create --name c --network none base:1 true',
  'cp ROOTFS/etc/group c:/new',
  'commit -q c child:1',
  'rm c',
];

export const IMAGES = [
  scenario('image diff', ...CHILD, 'image diff child:1', 'diff child:1', 'diff child:1 base:1', 'diff base:1 child:1'),
  scenario('image diff of nothing', 'image diff', 'image diff nosuch', 'diff nosuch', 'container diff nosuch'),
  scenario(
    'image tree',
    ...CHILD,
    'tag child:1 child:2',
    'image tree child:1',
    'image tree --whatrequires base:1',
    'image tree',
    'image tree nosuch',
  ),
  scenario(
    'image mount',
    BASE,
    'image mount',
    'image mount nosuch',
    'image mount --all base:1',
    'image unmount',
    'image unmount nosuch',
    'image unmount base:1',
    'image unmount --all base:1',
  ),
  scenario(
    'manifest',
    BASE,
    'manifest create list:1',
    'manifest create list:1',
    'manifest exists list:1',
    'manifest exists nosuch',
    'manifest add nosuch base:1',
    'manifest annotate --arch arm64 list:1',
    'manifest remove list:1',
    'manifest rm list:1',
    'manifest rm nosuch',
    'manifest rm',
    'manifest create',
  ),
  scenario(
    'system df',
    BASE,
    'system df --format {{.Type}}-{{.Total}}-{{.Active}}',
    'create --name c --network none base:1 true',
    'system df --format {{.Type}}-{{.Total}}-{{.Active}}',
    'system df x',
    'system df --foo',
  ),
  scenario(
    'system prune',
    BASE,
    'create --name c --network none base:1 true',
    'system prune -f --filter foo=bar',
    'system prune -f --filter label=x',
    'ps -a -q',
    'system prune -f',
    'images -q',
    'system prune -af',
    'images -q',
    'system prune x',
  ),
];
