/* The kernels for 64-bit ARM processors, all of which have NEON. */

#include "rows/kernels.h"

#if FOR_ARM
#include <arm_neon.h>

#define SET neon
#define EXACT 0
#define VECTOR two_numbers
#define VECTOR_ROWS 2
#define FMA(a, b, c) fma(a, b, c)
#define WIDE_FMA(a, b, c) ((two_numbers)vfmaq_f64((float64x2_t)(c), (float64x2_t)(a), (float64x2_t)(b)))
#define WIDE_SUM(a) ((a)[0] + (a)[1])
#define TILE 4
#define TILE_VECTORS 4
#define WEIGHT_OUTPUTS 4
#define HAS_EXACT_PRODUCTS 1
#include "rows/kernels_body.h"
#endif
