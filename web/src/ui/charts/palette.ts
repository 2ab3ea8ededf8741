// Colours and sizes for charts, read from the custom properties: charts follow the theme and the scale of the wall screen.
import type { EChartsCoreOption } from 'echarts/core'

const NAMES = ['paper', 'surface', 'surface-3', 'line', 'line-strong', 'ink', 'ink-2', 'ink-3', 'brand', 'seal', 'ok', 'warn', 'bad', 'info', 'mute'] as const
type Name = (typeof NAMES)[number]
export interface Palette extends Record<Name, string> {
  series: string[]
  font: string
  /** Pixels of a size given in rem. */
  rem: (size: number) => number
  reducedMotion: boolean
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement)
  const read = (name: string) => style.getPropertyValue(`--${name}`).trim()
  const root = Number.parseFloat(style.fontSize) || 16
  return {
    ...(Object.fromEntries(NAMES.map((name) => [name, read(name)])) as Record<Name, string>),
    series: Array.from({ length: 8 }, (_, index) => read(`chart-${index + 1}`)),
    font: read('font'),
    rem: (size) => Math.round(size * root),
    reducedMotion: matchMedia('(prefers-reduced-motion: reduce)').matches,
  }
}

/** What all charts have in common; a chart's own option is merged on top of it. */
export function baseOption(palette: Palette, label: string): EChartsCoreOption {
  return {
    color: palette.series,
    animation: !palette.reducedMotion,
    animationDuration: 400,
    animationDurationUpdate: 300,
    textStyle: { fontFamily: palette.font, fontSize: palette.rem(0.75), color: palette['ink-2'] },
    aria: { enabled: true, label: { description: label }, decal: { show: false } },
    tooltip: {
      backgroundColor: palette.surface, borderColor: palette.line, textStyle: { color: palette.ink, fontSize: palette.rem(0.75) },
      confine: true, transitionDuration: palette.reducedMotion ? 0 : 0.2,
    },
  }
}

export const axisLook = (palette: Palette) => ({
  axisLine: { lineStyle: { color: palette.line } },
  axisTick: { show: false },
  axisLabel: { color: palette['ink-3'], fontSize: palette.rem(0.72), margin: palette.rem(0.6) },
  splitLine: { lineStyle: { color: palette.line, width: Math.max(1, palette.rem(0.0625)), type: [palette.rem(0.2), palette.rem(0.25)] } },
})
