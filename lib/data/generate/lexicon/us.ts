import { lexicon } from './lexicon';

/** English words, in the order of `concepts.ts`: word/synonym(/accessory). */
export const us = lexicon('us', {
  categories: `
    kettle/boiler/descaler blender/liquidizer/jar skillet/frypan/lid knife/cutter/sharpener
    toaster/broiler/tongs mug/cup/coaster grinder/mill/hopper bottle/flask/straw
    shoes/footwear/laces jacket/coat/hanger backpack/rucksack/keychain watch/timepiece/band
    hat/cap/hatpin dress/gown/belt glasses/spectacles/lanyard wallet/purse/tracker
    phone/mobile/charger camera/camcorder/tripod laptop/notebook/dock headphones/earphones/earpads
    speaker/soundbox/amplifier keyboard/keypad/keycaps printer/plotter/toner tablet/slate/stylus
    lamp/light/bulb chair/seat/cushion curtain/drape/rail pillow/headrest/pillowcase
    rug/carpet/underlay clock/alarm/battery mirror/reflector/bracket vacuum/hoover/filter
    tent/shelter/pegs bicycle/bike/pump racket/paddle/grip skateboard/longboard/bearings
    treadmill/jogger/lubricant kayak/canoe/oar helmet/headgear/visor scooter/kickboard/handlebar
    drill/borer/chuck hose/pipe/nozzle mower/lawncutter/blades ladder/stepladder/stabilizer
    saw/handsaw/sawhorse hammer/mallet/holster shovel/spade/handle toolbox/toolkit/dividers`,
  values: `
    steel/metal leather/cowhide wood/timber plastic/polymer cotton/cloth glass/crystal
    mini/tiny small/little medium/midsize large/big giant/huge slim/thin
    vintage/retro modern/contemporary classic/traditional rustic/country minimalist/simple sporty/athletic
    waterproof/watertight foldable/collapsible quiet/silent adjustable/flexible insulated/thermal wireless/cordless
    striped/lined floral/flowery dotted/spotted checked/plaid plain/solid camouflage/camo
    men/guys women/ladies kids/children baby/infant senior/elderly unisex/everyone
    travel/trip office/work camping/outdoor gym/fitness beach/seaside school/classroom
    matte/dull glossy/shiny brushed/satin painted/coated polished/lustrous engraved/carved`,
  colors: `black/jet white/ivory red/scarlet blue/navy green/olive gray/charcoal yellow/lemon pink/rose brown/chocolate purple/violet
    orange/tangerine beige/sand`,
  departments: 'kitchen fashion electronics home sport garden',
  distractors: `
    premium deluxe original series edition model plus ultra super quality design daily easy durable strong soft smart safe clean fresh
    bright fast eco natural luxury comfort elegant professional essential portable universal hybrid dynamic active royal urban nordic alpine ocean sunset
    galaxy breeze comet falcon tiger river summit meadow harbor canyon velvet cosmic legend prime vista nova echo zen pulse spark
    orbit drift bloom crest ember frost grove haven master select choice classica gift bundle pack trend style unique iconic value`,
  fillers: 'best cheap good buy top affordable online deals',
  accessoryFor: 'for {category}',
  negation: 'without {value}',
  bullets: `
    {value} {noun} with {extra} {extra}
    {extra} and {value}
    made {value} for {extra} use
    {value} build , {extra} {extra}
    {color} {noun} with {value} finish`,
  descriptions: `
    this {noun} by {brand} is {value} and {extra}
    the {extra} {noun} comes {value} with {extra} look
    from our {department} range : {value} {noun} , {extra} and {extra}
    a {color} {noun} made to be {value} and {extra}`,
  crossMention: 'goes well with any {category}',
  nounFirst: 0.15,
  brandParts: [
    'nor tel var quin bel dar fen gal hol jor kel lum mor oak pra ros sul tor wes zan',
    'a e i o u ar el in or ul ay ex',
    'vik tana dell mond zo rix lane ford sen wick bury dyne gard kin lux mar nex pol ton via',
  ],
});
