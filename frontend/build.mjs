/**
 * Bundles the pages, the styles, the icons and the message catalogues.
 *
 *   src/pages/*.js    → dist/gridcity/pages/*.js    one bundle a page
 *   src/css/*.css     → dist/gridcity/css/*.css
 *   src/sw.js         → dist/gridcity/sw.js         the phone's service worker, and shell.json: what it keeps
 *   lucide-static     → dist/gridcity/icons.svg     only the icons that sources name
 *   locale/… .po      → locale/… .mo (Django) and dist/gridcity/i18n/<language>.js (pages)
 *
 * Hashed file names are Django's work (ManifestStaticFilesStorage). A missing icon stops the build.
 */
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";
import { mo, po } from "gettext-parser";

const here = dirname(fileURLToPath(import.meta.url));
/** Built aside and put in place at the end, so that a running city never sees half a build. */
const aside = join(here, `dist.${process.pid}`);
const out = join(aside, "gridcity");
const locale = join(here, "..", "locale");

/** Every file under a folder whose name ends so. @param {string} folder @param {RegExp} ending */
async function files(folder, ending) {
  const found = await readdir(folder, { recursive: true });
  return found.filter((name) => ending.test(name)).map((name) => join(folder, name));
}

async function bundle() {
  const pages = await files(join(here, "src", "pages"), /\.js$/);
  const styles = (await readdir(join(here, "src", "css"))).filter((name) => /^(app|admin|phone|phone-map)\.css$/.test(name));
  const common = /** @type {const} */ ({
    absWorkingDir: here, outbase: join(here, "src"), outdir: out, bundle: true, target: ["es2022"], minify: true,
    sourcemap: false, legalComments: "none", logLevel: "warning",
  });
  const { metafile } = await esbuild.build({
    ...common,
    entryPoints: [...pages, ...styles.map((name) => join(here, "src", "css", name))],
    format: "esm",
    // What only some views need (the map) is a file of its own, fetched when it is needed.
    splitting: true,
    chunkNames: "chunks/[hash]",
    loader: { ".png": "file", ".svg": "file" },
    assetNames: "images/[name]-[hash]",
    metafile: true,
  });
  await esbuild.build({ ...common, entryPoints: [join(here, "src", "sw.js")], format: "iife" });
  const [now, all] = [["import-statement"], ["import-statement", "dynamic-import"]].map((kinds) => reachable(metafile, "pages/inspector.js", kinds));
  return { pages: pages.length, scripts: all, preload: now };
}

/** An output and everything it imports in these ways. @param {esbuild.Metafile} metafile @param {string} entry @param {string[]} kinds */
function reachable(metafile, entry, kinds) {
  const home = relative(here, out).replaceAll("\\", "/");
  const found = new Set([`${home}/${entry}`]);
  for (const name of found) for (const item of metafile.outputs[name].imports) if (kinds.includes(item.kind)) found.add(item.path);
  return [...found].map((name) => name.slice(home.length + 1));
}

/** What the phone's page is made of, what of it is needed first, and a version that changes with any of it. @param {string[]} scripts @param {string[]} preload */
async function shell(scripts, preload) {
  const styles = (await files(join(out, "css"), /^phone(-map)?\.css$/)).concat(await files(join(out, "images"), /^(?!.*(layers|marker)).*\.(svg|png)$/));
  const words = await files(join(out, "i18n"), /\.js$/);
  const names = [...scripts, ...[...styles, ...words, join(out, "icons.svg")].map((path) => relative(out, path).replaceAll("\\", "/"))].sort();
  const total = createHash("sha256");
  for (const name of [...names, "sw.js"]) total.update(name).update(await readFile(join(out, name)));
  await writeFile(join(out, "shell.json"), JSON.stringify({ version: total.digest("hex").slice(0, 12), files: names, preload }));
}

async function icons() {
  const sources = [
    ...(await files(join(here, "src"), /\.js$/)),
    ...(await files(join(here, "templates"), /\.html$/)),
    ...(await files(join(here, "pages"), /\.py$/)),
  ];
  const names = new Set();
  for (const source of sources) {
    const text = await readFile(source, "utf8");
    for (const call of text.matchAll(/\bicon(?:\(([^)]*)\)| ("[^"]+") %)/g)) {
      for (const name of (call[1] ?? call[2]).matchAll(/(?<!=== )"([a-z0-9-]+)"/g)) names.add(name[1]);
    }
  }
  const symbols = [];
  for (const name of [...names].sort()) {
    const svg = await readFile(join(here, "node_modules", "lucide-static", "icons", `${name}.svg`), "utf8");
    const inside = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
    symbols.push(`<symbol id="${name}" viewBox="0 0 24 24">${inside.replace(/\s*\n\s*/g, "")}</symbol>`);
  }
  await writeFile(join(out, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
  return names.size;
}

/** `zh_Hans` (folder) → `zh-hans` (language). @param {string} folder */
const language = (folder) => folder.replace("_", "-").toLowerCase();

async function messages() {
  let count = 0;
  for (const file of await files(locale, /\.po$/)) {
    const catalogue = po.parse(await readFile(file));
    await writeFile(file.replace(/\.po$/, ".mo"), mo.compile(catalogue));
    if (!file.endsWith("djangojs.po")) continue;
    /** @type {Record<string, string[]>} */
    const table = {};
    for (const [context, entries] of Object.entries(catalogue.translations)) {
      for (const [id, entry] of Object.entries(entries)) {
        if (id && entry.msgstr.every(Boolean)) table[context ? `${context}\u0004${id}` : id] = entry.msgstr;
      }
    }
    count += Object.keys(table).length;
    const name = language(file.slice(locale.length + 1).split(/[\\/]/)[0]);
    await writeFile(join(out, "i18n", `${name}.js`), `globalThis.gridcityMessages=${JSON.stringify(table)};\n`);
  }
  return count;
}

try {
  await mkdir(join(out, "i18n"), { recursive: true });
  await cp(join(here, "src", "images"), join(out, "images"), { recursive: true });
  const [{ pages: pageCount, scripts, preload }, iconCount, messageCount] = await Promise.all([bundle(), icons(), messages()]);
  await shell(scripts, preload);
  await rm(join(here, "dist"), { recursive: true, force: true });
  await rename(aside, join(here, "dist"));
  console.log(`front end built: ${pageCount} pages, ${iconCount} icons, ${messageCount} translated messages`);
} finally {
  await rm(aside, { recursive: true, force: true });
}
