/**
 * What the generated shop sells, without words: departments, their categories, the attributes that describe each, and how many values each attribute has.
 * The three lexicons (`us.ts`, `es.ts`, `jp.ts`) give the words for these concepts in the same order.
 */

/** Attribute types, the most general first: a small world uses the first few. */
export const TYPES = ['material', 'size', 'style', 'feature', 'pattern', 'audience', 'use', 'finish'] as const;
export const VALUES_PER_TYPE = 6;
export const COLORS = 12;
export const DISTRACTORS = 80;
export const CATEGORIES_PER_DEPARTMENT = 8;

const TYPE_LETTERS = 'msyfpaun';

export interface CategoryConcept {
  id: string;
  department: number;
  /** Indices into TYPES, the most telling first. */
  types: readonly number[];
  /** Mean of the logarithm of the price. */
  logPrice: number;
}

// id:types:typical price. A type is its letter in TYPE_LETTERS: m material, s size, y style, f feature, p pattern, a audience, u use, n finish.
const SHOP: Record<string, string> = {
  kitchen: 'kettle:msfyn:35 blender:sfmny:60 skillet:msnfy:30 knife:msyna:25 toaster:fsymn:40 mug:mpsyna:12 grinder:mfsyn:45 bottle:mfsau:18',
  fashion:
    'shoes:mayspu:60 jacket:fapmsu:80 backpack:fsumpa:45 watch:mayfsn:120 hat:pmasyu:20 dress:pamsyu:50 glasses:amysnu:70 wallet:maysnf:30',
  electronics:
    'phone:sfyanu:400 camera:fsyun:350 laptop:sfyun:800 headphones:fasyu:90 speaker:fsymu:80 keyboard:fsymnu:50 printer:sfyun:150 tablet:sfyaun:300',
  home: 'lamp:myfsn:40 chair:mysfua:110 curtain:pmsfy:35 pillow:mpsaf:25 rug:pmsyf:70 clock:yfmsn:22 mirror:symnf:55 vacuum:fsyun:160',
  sport: 'tent:fspmu:140 bicycle:asymfn:380 racket:masyn:65 skateboard:pasmyn:55 treadmill:fsyum:600 kayak:fmsapu:450 helmet:afspn:45 scooter:afsmpn:95',
  garden: 'drill:fsymun:90 hose:mfspn:30 mower:fsymn:280 ladder:mfsun:100 saw:msfyn:28 hammer:msyan:20 shovel:msafn:24 toolbox:msfyun:48',
};

export const DEPARTMENTS: readonly string[] = Object.keys(SHOP);

export const CATEGORIES: readonly CategoryConcept[] = DEPARTMENTS.flatMap((name, department) =>
  SHOP[name].split(' ').map((entry) => {
    const [id, types, price] = entry.split(':');
    return { id, department, types: [...types].map((letter) => TYPE_LETTERS.indexOf(letter)), logPrice: Math.log(Number(price)) };
  }),
);
