// A registry on this machine that has the packed packages and nothing else.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

export async function startRegistry(tarballs) {
  const packages = new Map();
  for (const file of readdirSync(tarballs).filter((name) => name.endsWith(".tgz"))) {
    const path = join(tarballs, file);
    const description = JSON.parse(execFileSync("tar", ["-xzOf", path, "package/package.json"]));
    packages.set(description.name, { file, description, bytes: readFileSync(path) });
  }
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://registry").pathname).slice(1);
    const file = [...packages.values()].find((each) => path === `files/${each.file}`);
    if (file) return response.end(file.bytes);
    if (!packages.has(path)) return response.writeHead(404).end("{}");
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(document(packages.get(path), `http://${request.headers.host}/files`)));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

function document({ file, description, bytes }, files) {
  const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  const shasum = createHash("sha1").update(bytes).digest("hex");
  const { name, version } = description;
  const dist = { tarball: `${files}/${file}`, integrity, shasum };
  return { name, "dist-tags": { latest: version }, versions: { [version]: { ...description, dist } } };
}
