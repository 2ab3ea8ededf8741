declare module 'echarts/lib/i18n/langZH.js' {
  const words: typeof import('echarts/lib/i18n/langEN.js').default
  export default words
}
declare module 'element-plus/es/locale/lang/*.mjs' {
  const words: import('element-plus/es/locale').Language
  export default words
}
