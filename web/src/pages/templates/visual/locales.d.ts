declare module 'grapesjs/locale/en' {
  const words: Record<string, unknown>
  export default words
}
declare module 'grapesjs/locale/zh' {
  const words: Record<string, unknown>
  export default words
}
