import type { ImageLayer } from '../../../engine/images/types.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { preciseSize } from '../../format/human.js';
import { shortId } from '../../../util/short-id.js';
import { isTagged } from '../../../util/stored-name.js';

export const command: Command = {
  name: 'tree',
  summary: 'Print layer hierarchy of an image in a tree format',
  description: 'Prints the layers of an image, from the bottom up, and the images that each is the top layer of.',
  usage: '[options] IMAGE',
  examples: ['image tree app:2', 'image tree --whatrequires base:1'],
  flags: [{ name: 'whatrequires', kind: 'bool', help: 'Show all layers and images that build on its top layer' }],
  completion: ['images', []],
  check: ({ args }) => {
    if (args.length !== 1) throw invalid(`accepts 1 arg(s), received ${args.length}`);
  },
  run: async (context, { args, flags }) => {
    const [name = ''] = args;
    const engine = await context.engine();
    const { image, layers } = engine.images.tree(name, { children: flags.bool('whatrequires') });
    // As in Podman, layers on the lowest layer of all are shown beside it, not below it.
    const [top] = layers;
    const isLowest = flags.bool('whatrequires') && engine.images.tree(name).layers.length === 1;
    const shown = isLowest && top !== undefined ? [{ ...top, children: [] }, ...top.children] : layers;
    const lines = [
      `Image ID: ${shortId(image.id)}`,
      `Tags:     [${image.names.filter(isTagged).join(' ')}]`,
      `Size:     ${preciseSize(image.size)}`,
      layers.length === 0 ? 'No Image Layers' : 'Image Layers',
      ...branches(shown, ''),
    ];
    await context.out(`${lines.join('\n')}\n\n`);
    return 0;
  },
};

function branches(layers: readonly ImageLayer[], indent: string): readonly string[] {
  return layers.flatMap(({ id, size, names, children }, index) => {
    const isLast = index === layers.length - 1;
    const top = names.length === 0 ? '' : ` Top Layer of: [${names.join(' ')}]`;
    return [
      `${indent}${isLast ? '└── ' : '├── '}ID: ${shortId(id)} Size: ${preciseSize(size).padStart(7)}${top}`,
      ...branches(children, `${indent}${isLast ? '    ' : '│   '}`),
    ];
  });
}
