// One React for both: the interface's.
import { fileURLToPath } from "node:url";

const modules = fileURLToPath(new URL("../../ui/node_modules/", import.meta.url));

export default {
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  logLevel: "warn",
  resolve: { alias: [{ find: /^(react|react-dom|zustand)(\/.*)?$/, replacement: `${modules}$1$2` }] },
  build: { emptyOutDir: true, target: "es2022", chunkSizeWarningLimit: 2000 },
};
