import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import Components from 'unplugin-vue-components/vite'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import { defineConfig } from 'vitest/config'
import { licences } from './tools/licences'

// The server that "npm run dev" talks to. The path /docs and its files come from there as well.
const server = process.env.HONGYAN_URL ?? 'http://127.0.0.1:8000'

// The kinds of channel are those of the API: a new one is here as soon as the document has it.
const api = JSON.parse(readFileSync(new URL('../docs/openapi.json', import.meta.url), 'utf8'))

export default defineConfig({
  plugins: [
    vue(),
    licences(),
    Components({
      // For the type checker only; the build of the server leaves the sources alone.
      dts: process.env.HONGYAN_BUILD ? false : 'src/components.d.ts',
      dirs: ['src/ui'],
      resolvers: [ElementPlusResolver({ importStyle: 'css' })],
    }),
  ],
  resolve: {
    alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) },
    dedupe: ['vue', 'element-plus', 'vue-i18n'],
  },
  define: {
    __CHANNELS__: JSON.stringify(api.components.schemas.Message.properties.channel.enum),
    // Only the part of vue-i18n that is used; messages are interpreted, never turned into code by eval.
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
    __VUE_OPTIONS_API__: true,
    __VUE_PROD_DEVTOOLS__: false,
  },
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: {
      '/api': { target: server, ws: true },
      '/docs': { target: server },
      '/openapi.json': { target: server },
      '/assets/swagger': { target: server },
      '/livez': { target: server },
      '/readyz': { target: server },
    },
  },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    cssCodeSplit: true,
    // tools/budget.mjs holds the sizes.
    chunkSizeWarningLimit: 4000,
    manifest: true,
    rollupOptions: {
      output: {
        // Hexadecimal, and long enough that a name always has a digit: by that the server knows it may be cached for good.
        hashCharacters: 'hex',
        entryFileNames: 'assets/[name]-[hash:16].js',
        chunkFileNames: 'assets/[name]-[hash:16].js',
        assetFileNames: 'assets/[name]-[hash:16][extname]',
        manualChunks(id) {
          if (/node_modules\/(vue|@vue|vue-router|vue-i18n|@intlify)\//.test(id)) return 'vue'
          if (/node_modules\/(echarts|zrender)\//.test(id)) return 'echarts'
          return undefined
        },
      },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['test/**/*.test.ts'],
    server: { deps: { inline: ['element-plus'] } },
  },
})
