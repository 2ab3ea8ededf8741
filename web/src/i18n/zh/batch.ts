export default {
  title: '批量发送', subtitle: '从收件人文件发送；看到数目之前不会发出任何内容。', drop: '把 CSV 文件拖到这里，或点击选择', dropText: '支持 UTF-8、GB18030、UTF-16，逗号、分号、制表符或竖线分隔；也可直接从表格粘贴。', reading: '读取中…', another: '换一个文件', pasted: '粘贴.csv', found: '{rows} 行，{columns} 列',
  encoding: '编码', delimiter: '分隔符', delimiters: { comma: '逗号 ,', semicolon: '分号 ;', tab: '制表符', bar: "竖线 {'|'}" }, hasHead: '首行是列名', firstRows: '前几行', what: '发送什么', template: '模板', chooseTemplate: '选择模板', name: '批次名称', priority: '优先级', at: '不早于',
  columns: '列的对应关系', recipient: '收件人', sameForAll: '全部相同', keepDuplicates: '文件中重复出现的收件人也重复发送', check: '检查（试运行）', checkText: '走真实流程，但不发送。', noRecipient: '没有收件人', noValue: '没有值', tooLong: '超过 4,096 个字符', nul: '含有不允许的字符（NUL）', result: '结果预估',
  count: { valid: '将发送', invalid: '无法发送', duplicates: '重复出现', suppressed: '已屏蔽' }, segments: '短信计费 {n} 条', takes: '约需 {time}', problems: '{n} 个问题', atLine: '第 {line} 行', line: '行', field: '字段', problem: '问题', download: '全部导出为 CSV', sendN: '发送 {n} 条消息', send: '发送', sureTitle: '发送 {n} 条消息？', sureNow: '将立即受理，已发出的无法撤回。', sureSkip: '有问题的 {n} 行不会发送。',
  handing: '正在提交：第 {done} / {all} 部分', cancelRest: '停止未发送的', ended: '完成：已发送 {sent}，失败 {failed}',
}
