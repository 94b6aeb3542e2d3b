import type { Random } from './random.ts'
import { below, pick } from './random.ts'

/** Who a fan is: invented, in ranges that are reserved for examples, so that nobody is ever written to. */
export type Person = { readonly name: string; readonly email: string; readonly phone: string }

// Given and family names by writing, each with the letters that go into the address. Accents composed and
// decomposed, dotless i, right-to-left, joiners, characters beyond 16 bits: what meets software in production.
const writings: readonly (readonly [given: readonly string[], family: readonly string[], handle: string])[] =
  [
    [['Emma', 'Liam', 'Ava', 'Noah', 'Mia'], ['Carter', 'Nguyen', 'Okafor', "O'Neill", 'Smith-Jones'], 'em'],
    [['Jack "JJ"', 'Ann\\Marie', "D'Arcy"], ['Brooks', '<Lee>', 'Ross & Co'], 'jj'],
    [['José', 'Renée', 'Zoe\u0308', 'Iñaki'], ['García', 'Lefèvre', 'Muñoz', 'Brontë'], 'jose'],
    [['Jürgen', 'Þóra', 'Łukasz', 'Řehoř'], ['Groß', 'Jónsdóttir', 'Żółć', 'Dvořák'], 'jurgen'],
    [['Işıl', 'İrem', 'Çağrı', 'Yiğit'], ['Yıldız', 'Şahin', 'Kılıç'], 'isil'],
    [['ليلى', 'يوسف', 'نور'], ['حداد', 'العلي'], 'layla'],
    [['נועה', 'איתי'], ['כהן', 'לוי'], 'noa'],
    [['پرنیان', 'می\u200cنا'], ['رضایی', 'احمدی'], 'parnian'],
    [['さくら', '陽翔', '𠮷男'], ['佐藤', '髙橋', '𠮷野'], 'sakura'],
    [['지우', '민준'], ['김', '박'], 'jiwoo'],
    [['李娜', '伟'], ['王', '欧阳'], 'lina'],
    [['Дмитрий', 'Юлія'], ['Иванов', 'Шевченко'], 'dmitri'],
    [['Ελένη', 'Γιώργος'], ['Παπαδοπούλου', 'Νικολάου'], 'eleni'],
    [['अनन्या', 'कार्तिक'], ['शर्मा', 'अय्यर'], 'ananya'],
    [['สมชาย', 'มาลี'], ['ใจดี', 'ศรีสุข'], 'malee'],
    [['Nguyễn Thị', 'Trần'], ['Hạnh', 'Đức'], 'hanh'],
    [['Kai 🎸', 'Sky 🌈'], ['Rivers', '👩‍👩‍👧'], 'kai'],
  ]
// RFC 2606 and RFC 6761 keep these for examples.
const mailDomains = ['example.com', 'example.net', 'example.org', 'mail.example', 'fans.example'] as const
const areaCodes = [212, 213, 312, 415, 512, 617, 702, 786, 917, 929] as const

/** A person; `number` keeps the mail address apart from everybody else's. */
export function pickPerson(random: Random, number: number): Person {
  const [given, family, handle] = pick(random, writings)
  return {
    name: `${pick(random, given)} ${pick(random, family)}`,
    email: `${handle}.${number}@${pick(random, mailDomains)}`,
    // 555-0100 to 555-0199 is never assigned.
    phone: `+1${pick(random, areaCodes)}55501${String(below(random, 100)).padStart(2, '0')}`,
  }
}

const messages: readonly ((name: string, event: string) => string)[] = [
  (name, event) => `Hi ${name}, we will text you when tickets for ${event} go on sale.`,
  (name, event) => `${name} — you're on the list for ${event}! 🎉`,
  (name, event) => `Merhaba ${name}, ${event} biletleri satışa çıkınca haber vereceğiz.`,
  (name, event) => `¡Hola, ${name}! Te avisamos cuando salgan las entradas de ${event}.`,
  (name, event) => `مرحبًا ${name}، سنخبرك عند بدء بيع تذاكر ${event}`,
  (name, event) => `${name}様、「${event}」の発売をお知らせします。`,
  (name, event) => `Reminder for ${name}:\n\t${event}\n❤️‍🔥`,
]

/** A reminder that greets the fan by name. */
export function pickMessage(random: Random, name: string, event: string): string {
  return pick(random, messages)(name, event)
}

/** A place to play. */
export type City = {
  readonly city: string
  readonly state?: readonly [name: string, code: string]
  readonly country: readonly [name: string, code: string]
  readonly venue: string
  readonly postalCode: string
  readonly timezone: string
  readonly latitude: string
  readonly longitude: string
}

const usa = ['United States', 'US'] as const

/** Where the tours go; a tour's first stop is the first. */
export const cities: readonly City[] = [
  {
    city: 'Chicago',
    state: ['Illinois', 'IL'],
    country: usa,
    venue: 'Lakeside Stadium',
    postalCode: '60605',
    timezone: 'America/Chicago',
    latitude: '41.8623',
    longitude: '-87.6167',
  },
  {
    city: 'New York',
    state: ['New York', 'NY'],
    country: usa,
    venue: 'Hudson Hall',
    postalCode: '10001',
    timezone: 'America/New_York',
    latitude: '40.75050000',
    longitude: '-73.9934',
  },
  {
    city: 'İstanbul',
    country: ['Türkiye', 'TR'],
    venue: 'Boğaziçi Arena',
    postalCode: '34398',
    timezone: 'Europe/Istanbul',
    latitude: '41.1034',
    longitude: '28.9911',
  },
  {
    city: 'München',
    country: ['Deutschland', 'DE'],
    venue: 'Halle am Fluß',
    postalCode: '80809',
    timezone: 'Europe/Berlin',
    latitude: '48.1755',
    longitude: '11.5518',
  },
  {
    city: '大阪',
    country: ['日本', 'JP'],
    venue: '城ホール',
    postalCode: '540-0002',
    timezone: 'Asia/Tokyo',
    latitude: '34.6889',
    longitude: '135.5303',
  },
]

/** Who announces something; the surprise is the first one's. */
export const artists: readonly string[] = [
  'Aurora Vale',
  'Ñandú & the Sierras',
  'Die Nachtzüge',
  'Işık Orkestrası',
  'ホタル',
]
