// Options of the monitor's charts.
import type { EChartsCoreOption } from 'echarts/core'
import type { ChannelTotals, DayTotals, LivePool } from '@/api/contract'
import { axisLook, type Palette } from '@/ui/charts/palette'
import type { Format } from '@/ui/format'
import { CHANNEL_LOOK } from '@/ui/channels'

const cssColor = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
export const channelColor = (channel: string) => cssColor(CHANNEL_LOOK[channel]?.color ?? '--chart-8')

export function trendOption(days: readonly DayTotals[], palette: Palette, format: Format, words: { sent: string; success: string; failed: string }): EChartsCoreOption {
  const line = (name: string, data: number[], color: string, type: 'solid' | [number, number], symbol: string, filled: boolean) => ({
    name, type: 'line', data, symbol, symbolSize: palette.rem(0.45), smooth: 0.25, smoothMonotone: 'x', lineStyle: { width: palette.rem(0.15), color, type: type === 'solid' ? type : type.map((length) => palette.rem(length / 16)) }, itemStyle: { color },
    emphasis: { focus: 'series' }, triggerLineEvent: true,
    ...(filled ? { areaStyle: { color: { type: 'linear', x: 0, y: 0, x2: 0, y2: 1, colorStops: [{ offset: 0, color: `${color}40` }, { offset: 1, color: `${color}00` }] } } } : {}),
  })
  return {
    grid: { left: palette.rem(0.25), right: palette.rem(0.8), top: palette.rem(2.1), bottom: 0, containLabel: true },
    legend: { top: 0, left: 0, icon: 'roundRect', itemWidth: palette.rem(0.9), itemHeight: palette.rem(0.25), itemGap: palette.rem(1), textStyle: { color: palette['ink-2'], fontSize: palette.rem(0.75), padding: [0, 0, 0, palette.rem(0.15)] } },
    tooltip: { trigger: 'axis', valueFormatter: (value: unknown) => format.number(value as number) },
    xAxis: { type: 'category', boundaryGap: false, data: days.map((day) => format.day(`${day.date}T12:00:00Z`)), ...axisLook(palette), splitLine: { show: false } },
    yAxis: { type: 'value', minInterval: 1, ...axisLook(palette), axisLine: { show: false }, axisLabel: { ...axisLook(palette).axisLabel, formatter: (value: number) => format.compact(value) } },
    series: [
      line(words.sent, days.map((day) => day.total_sent), palette.series[0] ?? '', 'solid', 'circle', true),
      line(words.success, days.map((day) => day.success_count), palette.series[5] ?? '', [6, 4], 'diamond', false),
      line(words.failed, days.map((day) => day.failed_count), palette.seal, [2, 3], 'triangle', false),
    ],
  }
}

export function pieOption(channels: readonly ChannelTotals[], palette: Palette, format: Format, names: (channel: string) => string): EChartsCoreOption {
  const slices = channels.filter((each) => each.total_sent > 0)
  const total = slices.reduce((sum, each) => sum + each.total_sent, 0)
  return {
    tooltip: { trigger: 'item', valueFormatter: (value: unknown) => format.number(value as number) },
    legend: {
      orient: 'vertical', left: '60%', top: 'middle', icon: 'circle', itemWidth: palette.rem(0.6), itemHeight: palette.rem(0.6), itemGap: palette.rem(0.55), textStyle: { color: palette['ink-2'], fontSize: palette.rem(0.75), padding: [0, 0, 0, palette.rem(0.2)] },
      formatter: (name: string) => { const slice = slices.find((each) => names(each.channel) === name); return slice ? `${name}  ${format.percent((slice.total_sent / Math.max(total, 1)) * 100)}` : name },
    },
    series: [{
      type: 'pie', radius: ['54%', '80%'], center: ['31%', '50%'], padAngle: 2, minAngle: 4, label: { show: false },
      itemStyle: { borderRadius: palette.rem(0.25) }, labelLine: { show: false }, emphasis: { scaleSize: palette.rem(0.25) },
      // The sum in the middle belongs to the first slice only: each slice would draw it again, one over the other.
      data: slices.map((each, index) => ({
        name: names(each.channel), value: each.total_sent, itemStyle: { color: channelColor(each.channel) },
        label: index === 0 ? { show: true, position: 'center', formatter: () => (total < 1_000_000 ? format.number(total) : format.compact(total)), fontSize: palette.rem(1.25), fontWeight: 650, color: palette.ink } : { show: false },
      })),
    }],
  }
}

export function ratesOption(all: readonly ChannelTotals[], palette: Palette, format: Format, names: (channel: string) => string): EChartsCoreOption {
  const channels = all.filter((each) => each.total_sent > 0).reverse()
  const tone = (rate: number) => (rate >= 99 ? palette.ok : rate >= 95 ? palette.warn : palette.bad)
  return {
    grid: { left: palette.rem(0.25), right: palette.rem(3.2), top: palette.rem(0.25), bottom: 0, containLabel: true },
    tooltip: { trigger: 'item', valueFormatter: (value: unknown) => format.percent(value as number) },
    xAxis: { type: 'value', min: 0, max: 100, ...axisLook(palette), axisLabel: { ...axisLook(palette).axisLabel, formatter: (value: number) => format.percent(value, 0) } },
    yAxis: { type: 'category', data: channels.map((each) => names(each.channel)), ...axisLook(palette), axisLine: { show: false }, axisLabel: { ...axisLook(palette).axisLabel, color: palette['ink-2'] } },
    series: [{
      type: 'bar', barMaxWidth: palette.rem(0.9), showBackground: true, backgroundStyle: { color: palette['surface-3'], borderRadius: palette.rem(0.5) },
      label: { show: true, position: 'right', distance: palette.rem(0.4), formatter: ({ value }: { value: number }) => format.percent(value), color: palette.ink, fontSize: palette.rem(0.75) },
      data: channels.map((each) => ({ value: each.success_rate, itemStyle: { color: tone(each.success_rate), borderRadius: palette.rem(0.5) } })),
    }],
  }
}

export function gaugeOption(pools: readonly LivePool[], palette: Palette, format: Format): EChartsCoreOption {
  const busiest = Math.max(0, ...pools.map((pool) => pool.use))
  const width = palette.rem(0.55)
  const tone = (use: number, index: number) => (use >= 0.9 ? palette.bad : use >= 0.8 ? palette.warn : palette.series[index % palette.series.length])
  return {
    tooltip: { trigger: 'item', formatter: ({ seriesName, value }: { seriesName: string; value: number }) => `${seriesName}: ${format.percent(value)}` },
    series: pools.map((pool, index) => ({
      type: 'gauge', name: pool.name, startAngle: 90, endAngle: -270, min: 0, max: 100, radius: `${92 - index * 20}%`, center: ['50%', '50%'],
      pointer: { show: false }, progress: { show: true, roundCap: true, width, itemStyle: { color: tone(pool.use, index) } },
      axisLine: { lineStyle: { width, color: [[1, palette['surface-3']]] } }, axisTick: { show: false }, splitLine: { show: false }, axisLabel: { show: false }, title: { show: false },
      detail: index === 0 ? { offsetCenter: [0, 0], formatter: () => format.percent(busiest * 100, 0), fontSize: palette.rem(1.35), fontWeight: 650, color: palette.ink } : { show: false },
      data: [{ value: Math.round(pool.use * 1000) / 10, name: pool.name }],
    })),
  }
}
