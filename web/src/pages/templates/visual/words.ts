// What GrapesJS and its MJML part say, in both languages. English is what is not found here.
import en from 'grapesjs/locale/en'
import zhBase from 'grapesjs/locale/zh'

const zhNames = { body: '邮件', button: '按钮', column: '列', oneColumn: '一列', twoColumn: '两列', threeColumn: '三列', divider: '分隔线', group: '组', hero: '横幅', image: '图片', navBar: '导航', navLink: '导航链接', section: '行', socialGroup: '社交组', socialElement: '社交图标', spacer: '间距', text: '文字', wrapper: '包裹', raw: '原样 HTML' }
const zhProperties = {
  width: '宽度', height: '高度', 'max-width': '最大宽度', padding: '内边距', 'padding-top': '上', 'padding-right': '右', 'padding-bottom': '下', 'padding-left': '左', 'inner-padding': '内部边距', align: '对齐', 'vertical-align': '垂直对齐', 'text-align': '文字对齐',
  'font-family': '字体', 'font-size': '字号', 'font-style': '字形', 'font-weight': '粗细', 'letter-spacing': '字距', 'line-height': '行高', color: '颜色', 'text-decoration': '装饰', 'text-transform': '大小写',
  'background-color': '背景色', 'container-background-color': '容器背景色', 'background-url': '背景图片', 'background-repeat': '背景重复', 'background-size': '背景大小', background: '背景', 'border-radius': '圆角', 'border-top-left-radius': '左上', 'border-top-right-radius': '右上', 'border-bottom-left-radius': '左下', 'border-bottom-right-radius': '右下',
  border: '边框', 'border-width': '边框宽度', 'border-style': '边框样式', 'border-color': '边框颜色', 'border-detached': '边框', 'border-top': '上边框', 'border-bottom': '下边框', 'border-left': '左边框', 'border-right': '右边框', 'box-shadow': '阴影', 'icon-size': '图标大小',
}
const zhTraits = { href: '链接', src: '图片地址', alt: '替代文字', title: '提示', rel: '关系', target: '打开方式', 'full-width': '通栏', 'css-class': '样式类', name: '名称', id: '编号', direction: '方向', mode: '模式', 'fluid-on-mobile': '手机上满宽', 'background-url': '背景图片' }
const enTraits = { href: 'Link', src: 'Picture address', alt: 'Alternative text', title: 'Tooltip', rel: 'Relation', target: 'Opens in', 'full-width': 'Full width', 'css-class': 'CSS class', name: 'Name', id: 'Id', direction: 'Direction', mode: 'Mode' }

type Words = Record<string, unknown>
function merge(base: Words, more: Words): Words {
  const merged: Words = { ...base }
  for (const [key, value] of Object.entries(more)) merged[key] = value && typeof value === 'object' && merged[key] && typeof merged[key] === 'object' ? merge(merged[key] as Words, value as Words) : value
  return merged
}

export const EDITOR_WORDS: { en: Words; zh: Words } = {
  en: merge(en as Words, { traitManager: { label: 'Settings', empty: 'Select a block to change it.', traits: { labels: enTraits } }, styleManager: { empty: 'Select a block to change it.' } }),
  zh: merge(zhBase as Words, {
    selectorManager: { selected: '已选', states: { hover: '悬停', active: '点击', 'nth-of-type(2n)': '奇偶' }, label: '样式类', emptyState: '- 状态 -' },
    deviceManager: { devices: { mobileLandscape: '手机横屏', mobilePortrait: '手机竖屏' } },
    domComponents: { names: { '': '元素', wrapper: '邮件' } },
    traitManager: { label: '设置', empty: '选中一个区块进行修改。', traits: { labels: zhTraits, attributes: { href: { placeholder: 'https://example.com' } } } },
    styleManager: { empty: '选中一个区块进行修改。', sectors: { dimension: '尺寸', typography: '文字', decorations: '外观', general: '常规' }, properties: zhProperties },
  }),
}
export const MJML_WORDS = {
  zh: { 'grapesjs-mjml': { category: '', panels: { buttons: { undo: '撤销', redo: '重做', desktop: '桌面', tablet: '平板', mobile: '手机', import: '导入 MJML' }, import: { title: '导入 MJML', button: '导入', label: '' }, export: { title: '导出 MJML' } }, components: { names: zhNames } } },
}
