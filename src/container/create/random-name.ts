/** Names for containers that were given none: easy to say, easy to tell apart. */
import { randomInt } from '../../native/primitives.js';

const ADJECTIVES = (
  'able airy amber apt arctic avid azure bold brave breezy bright brisk broad calm candid chatty chilly civil classy clean clear ' +
  'clever cosy crisp curious daring dapper deft dusky eager early easy elfin epic exact fabled fair fancy fast fine firm fleet fluent ' +
  'fond frank free fresh frosty gentle giant glad glossy golden grand great green happy hardy hazel hearty honest humble ideal ' +
  'jade jolly jovial keen kind large lean light lilac lively lone loud loyal lucid lucky lunar lush mellow merry mighty mild misty ' +
  'modest mossy neat nimble noble novel oaken open pale patient plain plucky polite prime proud pure quick quiet rapid rare ready ' +
  'regal rosy round royal ruby rustic sandy sharp shiny silent silver simple sleek smart smooth snowy snug sober solar solid sound spry ' +
  'stable steady stout strong sturdy sunny sure sweet swift tall tame tidy tiny topaz tough true trusty upbeat urban vast velvet vivid warm ' +
  'wary wavy wild wise witty young zesty'
).split(' ');

const NOUNS = (
  'acorn alder anchor antler apple arbor aspen aster atlas badger bamboo barley basil bay beacon beaver beech bell birch bison bluff boulder ' +
  'bramble brook canyon cedar cherry cliff clover cobalt comet compass condor copper coral cove crane creek crow dahlia dale dawn delta ' +
  'dew dolphin dove dune eagle elk elm ember falcon fern fig finch fjord flax flint forest fox garnet geyser ginger glacier glade ' +
  'glen goose granite grove gull harbor hare harvest hawk hazel heath heron hill hollow ibis iris island ivy jasper juniper kelp kestrel ' +
  'kite lagoon lake lantern larch lark laurel lava leaf lemon lily linden lion lotus lynx magnolia maple marble marsh meadow mesa meteor mint ' +
  'moon moose moss myrtle nectar nettle nutmeg oak oasis olive onyx opal orbit orchid osprey otter owl palm panda pebble pelican pepper pine ' +
  'plum pond poplar poppy prairie quail quartz quince raven reed reef ridge river robin rowan sage salmon sequoia shell shore sierra sparrow ' +
  'spruce squid star stone stork storm stream summit sun swan teal thistle thunder tiger trout tulip tundra turtle valley violet walnut wave ' +
  'willow wolf wren yarrow yew zebra'
).split(' ');

/** Returns `adjective_noun`, from the second attempt on with a number, so that a full store still finds a free name. */
export function randomName(attempt = 0): string {
  const name = `${pick(ADJECTIVES)}_${pick(NOUNS)}`;
  return attempt === 0 ? name : `${name}${String(randomInt(0, 10 ** Math.min(attempt, 9)))}`;
}

function pick(words: readonly string[]): string {
  return words[randomInt(0, words.length)] ?? '';
}
