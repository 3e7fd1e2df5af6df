import { lexicon } from './lexicon';

/** Spanish words, in the order of `concepts.ts`: word/synonym(/accessory). */
export const es = lexicon('es', {
  categories: `
    hervidor/calentador/descalcificador batidora/licuadora/jarra sartén/cazo/tapa cuchillo/navaja/afilador
    tostadora/parrilla/pinzas taza/pocillo/posavasos molinillo/moledor/tolva botella/cantimplora/pajita
    zapatos/calzado/cordones chaqueta/abrigo/percha mochila/morral/llavero reloj/cronógrafo/correa
    sombrero/gorra/alfiler vestido/traje/cinturón gafas/lentes/gamuza cartera/billetera/localizador
    teléfono/móvil/cargador cámara/videocámara/trípode portátil/ordenador/ventilador auriculares/audífonos/almohadillas
    altavoz/parlante/amplificador teclado/botonera/teclas impresora/multifunción/tóner tableta/pizarra/lápiz
    lámpara/luz/bombilla silla/asiento/cojín cortina/visillo/barra almohada/cabezal/protector
    alfombra/moqueta/base despertador/alarma/pila espejo/reflector/soporte aspiradora/barredora/filtro
    tienda/carpa/estacas bicicleta/bici/bomba raqueta/paleta/empuñadura monopatín/patineta/rodamientos
    caminadora/andadora/lubricante kayak/canoa/remo casco/yelmo/visera patinete/scooter/manillar
    taladro/perforadora/mandril manguera/tubo/boquilla cortacésped/segadora/cuchillas escalera/peldaños/estabilizador
    sierra/serrucho/caballete martillo/mazo/pistolera pala/azada/agarradera maletín/estuche/separadores`,
  values: `
    acero/metal cuero/piel madera/leño plástico/polímero algodón/tela vidrio/cristal
    mini/minúsculo pequeño/chico mediano/intermedio grande/amplio gigante/enorme delgado/fino
    antiguo/retro moderno/actual clásico/tradicional rústico/campestre minimalista/sencillo deportivo/atlético
    impermeable/hermético plegable/abatible silencioso/callado ajustable/regulable aislado/térmico inalámbrico/autónomo
    rayas/listado flores/floral lunares/puntos cuadros/escocés liso/uniforme camuflaje/militar
    hombre/caballero mujer/dama niños/infantil bebé/lactante mayores/ancianos unisex/todos
    viaje/turismo oficina/trabajo camping/acampada gimnasio/entrenamiento playa/costa escuela/colegio
    mate/opaco brillante/reluciente cepillado/satinado pintado/lacado pulido/bruñido grabado/tallado`,
  colors: `negro/azabache blanco/marfil rojo/escarlata azul/marino verde/oliva gris/plomo amarillo/limón rosa/fucsia marrón/café morado/violeta
    naranja/mandarina beige/arena`,
  departments: 'cocina moda electrónica hogar deporte jardín',
  distractors: `
    premium lujo original serie edición modelo plus ultra súper calidad diseño diario fácil duradero fuerte suave inteligente seguro limpio fresco
    claro rápido eco natural especial confort elegante profesional esencial cómodo universal híbrido dinámico activo real urbano nórdico alpino océano ocaso
    galaxia brisa cometa halcón tigre río cumbre prado puerto cañón terciopelo cósmico leyenda prime vista nova retumbo zen pulso chispa
    órbita deriva flor cresta brasa hielo bosque refugio maestro selecto elección único regalo lote paquete tendencia estilo icono novedad valor`,
  fillers: 'mejor barato bueno comprar económico oferta online ganga',
  accessoryFor: 'para {category}',
  negation: 'sin {value}',
  bullets: `
    {noun} {value} con {extra} {extra}
    {extra} y {value}
    hecho {value} para uso {extra}
    acabado {value} , {extra} {extra}
    {noun} {color} con toque {value}`,
  descriptions: `
    este {noun} de {brand} es {value} y {extra}
    el {noun} {extra} viene {value} con aire {extra}
    de nuestra gama {department} : {noun} {value} , {extra} y {extra}
    un {noun} {color} pensado {value} y {extra}`,
  crossMention: 'combina con cualquier {category}',
  nounFirst: 0.85,
  brandParts: [
    'al bra cor del es fer gar hur is jul lar mon nav or pal rum sal tri val zur',
    'a e i o u an en ir ol um al es',
    'veza tona dria mira zón lisa rrá fonte seda bela quera dino garra lena luz moro nilla pena tera vía',
  ],
});
