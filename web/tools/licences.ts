// A Vite plugin: assets/licences.txt with the licence of every package that is part of the bundle, as those licences ask for.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'

const PACKAGE = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//

function licenceText(folder: string): string {
  const name = readdirSync(folder).find((file) => /^(licen[cs]e|copying)/i.test(file))
  return name ? readFileSync(join(folder, name), 'utf8').trim() : ''
}

function describe(folder: string): { title: string; text: string } {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version: string; license?: string; author?: string | { name: string } }
  const by = typeof author === 'string' ? author : author?.name
  const notice = existsSync(join(folder, 'NOTICE')) ? `\n\n${readFileSync(join(folder, 'NOTICE'), 'utf8').trim()}` : ''
  return { title: `${name} ${version} (${license ?? 'see below'})`, text: (licenceText(folder) || `${license ?? ''}${by ? `, ${by}` : ''}`) + notice }
}

export function licences(): Plugin {
  return {
    name: 'hongyan-licences',
    apply: 'build',
    generateBundle(_options, bundle) {
      const folders = new Set<string>()
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue
        for (const id of chunk.moduleIds) {
          const folder = PACKAGE.exec(id.replace(/^\0/, ''))?.[1]
          if (folder && existsSync(join(folder, 'package.json'))) folders.add(folder)
        }
      }
      const found = [...folders].map(describe).sort((a, b) => a.title.localeCompare(b.title))
      const line = '-'.repeat(80)
      this.emitFile({ type: 'asset', fileName: 'assets/licences.txt', source: `The console of Hongyan contains these packages.\n\n${found.map(({ title, text }) => `${line}\n${title}\n${line}\n${text}\n`).join('\n')}` })
    },
  }
}
