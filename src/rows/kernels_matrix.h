/* Kernels of matrices, in tiles whose sums stay in registers. Included by kernels_body.h; see struct matrix in kernels.h.
 *
 * Tiles are of constant sizes where they are inlined, so that the compiler unrolls their loops.
 */

/* Values, of some outputs. */
static OP_INLINE void LANE(output_tile)(const struct matrix *m, const struct block *block, uint32_t first, int outputs,
                                        int vectors, uint64_t from, uint64_t to)
{
    const uint64_t stride = block->stride;
    const double *value = block->value, *weight[TILE];
    double *y[TILE], start[TILE];
    for (int o = 0; o < outputs; o++) {
        const struct matrix_output *output = m->output + first + o;
        weight[o] = block->weight + m->weights + (uint64_t)(first + o) * m->stride;
        start[o] = output->bias == NO_VALUE ? NO_GRADIENT : block->uniform[output->bias];
        y[o] = VALUE(output->y);
    }
    for (uint64_t i = from; i < to; i += vectors * VECTOR_ROWS) {
        VECTOR sum[TILE][TILE_VECTORS];
        for (int o = 0; o < outputs; o++)
            for (int v = 0; v < vectors; v++)
                sum[o][v] = (VECTOR)ALL(start[o]);
        for (uint32_t k = 0; k < m->inputs; k++) {
            const double *x = value + m->x[k] * stride + i;
            for (int o = 0; o < outputs; o++) {
                VECTOR w = ALL(weight[o][k]);
                for (int v = 0; v < vectors; v++)
                    sum[o][v] = WIDE_FMA(AT(x, v * VECTOR_ROWS), w, sum[o][v]);
            }
        }
        for (int o = 0; o < outputs; o++)
            for (int v = 0; v < vectors; v++)
                AT(y[o], i + v * VECTOR_ROWS) = sum[o][v];
    }
}

/* What the outputs' adjoints give to some inputs. */
static OP_INLINE void LANE(input_tile)(const struct matrix *m, const struct block *block, uint32_t first, int inputs,
                                       int vectors, uint64_t from, uint64_t to)
{
    const uint64_t stride = block->stride;
    const double *adjoint = block->adjoint, *old[TILE], *weight[TILE];
    double *new[TILE];
    for (int k = 0; k < inputs; k++) {
        const struct matrix_input *input = m->input + first + k;
        weight[k] = block->weight + m->weights + input->place;
        old[k] = ADJOINT(input->from);
        new[k] = ADJOINT(input->to);
    }
    for (uint64_t i = from; i < to; i += vectors * VECTOR_ROWS) {
        VECTOR sum[TILE][TILE_VECTORS];
        for (int k = 0; k < inputs; k++)
            for (int v = 0; v < vectors; v++)
                sum[k][v] = AT(old[k], i + v * VECTOR_ROWS);
        for (uint32_t o = m->pulled; o-- > 0;) {
            const double *g = adjoint + m->output[o].g * stride + i;
            for (int k = 0; k < inputs; k++) {
                VECTOR w = ALL(weight[k][(uint64_t)o * m->stride]);
                for (int v = 0; v < vectors; v++)
                    sum[k][v] = WIDE_FMA(AT(g, v * VECTOR_ROWS), w, sum[k][v]);
            }
        }
        for (int k = 0; k < inputs; k++)
            for (int v = 0; v < vectors; v++)
                AT(new[k], i + v * VECTOR_ROWS) = sum[k][v];
    }
}

/* All rows of a tile; all tiles. */
#define TILES(kernel, tile, count) \
    static OP_INLINE void LANE(tile##s)(const struct matrix *m, const struct block *block, uint32_t first, int n) \
    { \
        const uint64_t whole = block->width / (TILE_VECTORS * VECTOR_ROWS) * (TILE_VECTORS * VECTOR_ROWS); \
        LANE(tile)(m, block, first, n, TILE_VECTORS, 0, whole); \
        LANE(tile)(m, block, first, n, 1, whole, block->width); \
    } \
    KERNEL(kernel) \
    { \
        const struct matrix *m = block->matrix + s->a; \
        uint32_t first = 0; \
        for (; first + TILE <= m->count; first += TILE) \
            LANE(tile##s)(m, block, first, TILE); \
        for (; first < m->count; first++) \
            LANE(tile##s)(m, block, first, 1); \
    }
TILES(matrix, output_tile, outputs)
TILES(pull_inputs, input_tile, active)

/* What rows give to weights: products of adjoints and inputs, summed over the rows. The lanes beyond the last row, which
 * may be nan, are made 0. */

#if VECTOR_ROWS > 1
typedef MASK_OF(VECTOR) LANE(mask);

static OP_INLINE VECTOR LANE(masked)(LANE(mask) mask, VECTOR x) { return (VECTOR)(mask & (LANE(mask))x); }

/* The lanes of so many rows, where these do not fill the last vector. */
static OP_INLINE LANE(mask) LANE(last_lanes)(uint64_t rows)
{
    VECTOR lane;
    for (int l = 0; l < VECTOR_ROWS; l++)
        lane[l] = l;
    return lane < (VECTOR)ALL((double)(rows % VECTOR_ROWS));
}
#else /* every vector is full */
typedef int LANE(mask);
static OP_INLINE VECTOR LANE(masked)(LANE(mask) mask, VECTOR x) { return mask ? x : 0.0; }
static OP_INLINE LANE(mask) LANE(last_lanes)(uint64_t rows) { return rows % VECTOR_ROWS != 0; }
#endif

static OP_INLINE void LANE(weight_tile)(const struct matrix *m, const struct block *block, uint32_t first,
                                        uint32_t first_input, int outputs)
{
    const double *g[WEIGHT_OUTPUTS], *x[GROUP];
    const uint64_t whole = block->rows / VECTOR_ROWS * VECTOR_ROWS;
    VECTOR sum[WEIGHT_OUTPUTS][GROUP];
    for (int k = 0; k < GROUP; k++)
        x[k] = VALUE(m->x[first_input + k]);
    for (int o = 0; o < outputs; o++) {
        g[o] = ADJOINT(m->output[first + o].g);
        for (int k = 0; k < GROUP; k++)
            sum[o][k] = (VECTOR)ALL(NO_GRADIENT);
    }
    for (uint64_t i = 0; i < whole; i += VECTOR_ROWS) {
        const VECTOR x0 = AT(x[0], i), x1 = AT(x[1], i), x2 = AT(x[2], i), x3 = AT(x[3], i);
        for (int o = 0; o < outputs; o++) {
            const VECTOR given = AT(g[o], i);
            sum[o][0] = WIDE_FMA(given, x0, sum[o][0]);
            sum[o][1] = WIDE_FMA(given, x1, sum[o][1]);
            sum[o][2] = WIDE_FMA(given, x2, sum[o][2]);
            sum[o][3] = WIDE_FMA(given, x3, sum[o][3]);
        }
    }
    if (whole < block->rows) {
        const LANE(mask) mask = LANE(last_lanes)(block->rows);
        for (int o = 0; o < outputs; o++)
            for (int k = 0; k < GROUP; k++)
                sum[o][k] = WIDE_FMA(LANE(masked)(mask, AT(g[o], whole)), LANE(masked)(mask, AT(x[k], whole)), sum[o][k]);
    }
    for (int o = 0; o < outputs; o++)
        ADD_SUMS(block->weight_adjoint + m->slopes + (uint64_t)(first + o) * m->stride + first_input, sum[o]);
}

KERNEL(pull_weights)
{
    const struct matrix *m = block->matrix + s->a;
    uint32_t first = 0;
    for (; first + WEIGHT_OUTPUTS <= m->pulled; first += WEIGHT_OUTPUTS)
        for (uint32_t k = 0; k < m->stride; k += GROUP)
            LANE(weight_tile)(m, block, first, k, WEIGHT_OUTPUTS);
    for (; first < m->pulled; first++)
        for (uint32_t k = 0; k < m->stride; k += GROUP)
            LANE(weight_tile)(m, block, first, k, 1);
}

/* The same of biases: the adjoints, summed over the rows. */
static OP_INLINE void LANE(bias_tile)(const struct matrix *m, const struct block *block, uint32_t first)
{
    const double *g[GROUP];
    const uint64_t whole = block->rows / VECTOR_ROWS * VECTOR_ROWS;
    VECTOR sum[GROUP];
    double total[GROUP] = {NO_GRADIENT, NO_GRADIENT, NO_GRADIENT, NO_GRADIENT};
    for (int o = 0; o < GROUP; o++) {
        g[o] = ADJOINT(m->output[first + o < m->pulled ? first + o : first].g);
        sum[o] = (VECTOR)ALL(NO_GRADIENT);
    }
    for (uint64_t i = 0; i < whole; i += VECTOR_ROWS)
        for (int o = 0; o < GROUP; o++)
            sum[o] += AT(g[o], i);
    for (int o = 0; o < GROUP && whole < block->rows; o++)
        sum[o] += LANE(masked)(LANE(last_lanes)(block->rows), AT(g[o], whole));
    ADD_SUMS(total, sum);
    for (uint32_t o = 0; o < GROUP && first + o < m->pulled; o++)
        if (m->output[first + o].bias_to != NO_VALUE)
            block->uniform_adjoint[m->output[first + o].bias_to] += total[o];
}

KERNEL(pull_biases)
{
    const struct matrix *m = block->matrix + s->a;
    for (uint32_t first = 0; first < m->pulled; first += GROUP)
        LANE(bias_tile)(m, block, first);
}
