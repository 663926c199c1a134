/** Orders that can be known: samplers of training libraries, and which file an index is. */
export { compareInClass, hasExtension, IMAGE_EXTENSIONS } from './image-folder.ts';
export { pythonShuffle, torchPermutation } from './permutations.ts';
export { epochOrder, rankOrder, SAMPLER_NAMES } from './sampler.ts';
export type { SamplerName, SamplerSettings } from './sampler.ts';
