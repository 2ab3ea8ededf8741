// The parts of ECharts that are used, in a chunk of their own. Import it only by `await import`.
import { BarChart, GaugeChart, LineChart, PieChart } from 'echarts/charts'
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from 'echarts/components'
import { init, registerLocale, use, type EChartsType } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import zh from 'echarts/lib/i18n/langZH.js'

use([BarChart, GaugeChart, LineChart, PieChart, AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, CanvasRenderer])
registerLocale('ZH', zh)
export { init }
export type { EChartsType }
