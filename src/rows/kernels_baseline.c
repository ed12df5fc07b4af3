/* The kernels for any processor. */

#include "rows/kernels.h"

#define SET baseline
#define EXACT 0
#include "rows/kernels_body.h"
