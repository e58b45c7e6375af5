const cpu=()=>{const c=process.cpuUsage();return (c.user+c.system)/1000}
const s={start:cpu()}
const t=async(n,f)=>{const a=cpu();const r=await f();s[n]=Math.round(cpu()-a);return r}
await t('koffi',()=>import('../lock/node_modules/koffi/index.js').catch(e=>console.log(e.message)))
await t('lock',()=>import('@holdfast/lock'))
await t('sqlite',()=>import('node:sqlite'))
await t('zod',()=>import('../txn-store/node_modules/zod/index.js').catch(e=>console.log(e.message)))
await t('mutative',()=>import('../txn-store/node_modules/mutative/dist/mutative.esm.mjs').catch(e=>console.log(e.message)))
await t('txn',()=>import('@holdfast/txn-store'))
const { ReleaseLedger } = await t('state',()=>import('@holdfast/state'))
const l = await t('open',()=>ReleaseLedger.open('/tmp/mamt/processed.json', {readOnly:true}))
await t('list',()=>l.list({limit:20}))
await t('export',()=>l.export())
await l.close()
s.total=cpu()
console.log(JSON.stringify(s))
