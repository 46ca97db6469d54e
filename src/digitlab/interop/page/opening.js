/** @file A picture that somebody opens, drops or pastes: its pixels, as the browser decodes them. */

const MOST_PIXELS = 50_000_000;

/** @typedef {{ bitmap: ImageBitmap, pixels: ImageData }} Opened */

/** @param {Blob} file  @returns {Promise<Opened | null>}  null where the browser sees no picture in it, or too large a one */
export async function openPicture(file) {
  try {
    const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" });
    const { width, height } = bitmap;
    const painter = width * height <= MOST_PIXELS ? new OffscreenCanvas(width, height).getContext("2d") : null;
    if (!painter) return null;
    painter.drawImage(bitmap, 0, 0);
    return { bitmap, pixels: painter.getImageData(0, 0, width, height) };
  } catch {
    return null;
  }
}
