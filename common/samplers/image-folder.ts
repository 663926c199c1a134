/**
 * Which file an index of torchvision's `ImageFolder` is: classes are the directories below the root in the order of
 * their names; in each, directories are walked in the order of their paths, and files in that of their names. Names
 * are ordered by code point, which for UTF-8 is the order of their bytes.
 *
 * Names that are not UTF-8 come where their bytes say, which may not be where Python puts them: a plan that is wrong
 * there costs performance alone.
 */
const SLASH = 0x2f;

/** `IMG_EXTENSIONS` of torchvision. */
export const IMAGE_EXTENSIONS: readonly string[] = [
  ...['.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif', '.tiff', '.webp'],
];

/** Of two files of one class, by their paths: less than 0 where `a` has the smaller index. */
export function compareInClass(a: Buffer, b: Buffer): number {
  const endA = a.lastIndexOf(SLASH);
  const endB = b.lastIndexOf(SLASH);
  const directories = Buffer.compare(
    a.subarray(0, Math.max(0, endA)),
    b.subarray(0, Math.max(0, endB)),
  );
  return directories || Buffer.compare(a.subarray(endA + 1), b.subarray(endB + 1));
}

/** As `filename.lower().endswith(extensions)`; without extensions every file. */
export function hasExtension(path: Buffer, extensions: readonly string[]): boolean {
  if (extensions.length === 0) return true;
  const name = path
    .subarray(path.lastIndexOf(SLASH) + 1)
    .toString()
    .toLowerCase();
  return extensions.some((extension) => name.endsWith(extension));
}
