import { defineConfig } from "vitest/config";

export default defineConfig({
  esbuild: { jsx: "automatic", legalComments: "none" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // the policy of the page allows no data: address
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    cssCodeSplit: false,
    rollupOptions: {
      output: {
        entryFileNames: "assets/[name]-[hash].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
  // `npm run dev` beside a running server; the cookie of the page then is for this port.
  server: { proxy: { "/api": { target: "http://127.0.0.1:7777", changeOrigin: false } } },
});
