/* The kernels that compute as eager code does, bit for bit. */

#include "rows/kernels.h"

#define SET exact
#define EXACT 1
#include "rows/kernels_body.h"
