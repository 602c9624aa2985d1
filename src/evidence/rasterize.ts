import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";

/** What Telegram shows at most on a phone, so that it makes nothing smaller. */
export const PNG_WIDTH = 1280;

/** No font of the machine: a picture is the same everywhere, also where there is none. */
const FONT_FILE = fileURLToPath(new URL("../../fonts/DejaVuSans.ttf", import.meta.url));

export function rasterize(svg: string): Buffer {
  const drawn = new Resvg(svg, {
    fitTo: { mode: "width", value: PNG_WIDTH },
    font: { loadSystemFonts: false, fontFiles: [FONT_FILE], defaultFontFamily: "DejaVu Sans" },
  });
  return drawn.render().asPng();
}
