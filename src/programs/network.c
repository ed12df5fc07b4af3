/* Layers as a program. The contract is in the header. */

#include "programs/network.h"

#include <stdlib.h>

#include "layers/symbols.h"
#include "programs/optimize.h"

/* Write the program that computes n items. */
static int write_program(struct program *p, struct dag *d, const symbol *items, uint32_t n, uint32_t inputs,
                         uint32_t captured)
{
    struct optimizer o;
    int done = 0;
    if (optimizer_begin(&o, d, items, n)) {
        const struct counts c = number_values(&o, inputs, captured);
        *p = (struct program){
            .inputs = inputs, .uniforms = captured + c.constants, .uniform_steps = c.uniform_steps, .steps = c.steps,
            .operands = c.operands, .outputs = n, .step = malloc((c.steps + 1) * sizeof(*p->step)),
            .operand = malloc((c.operands + 1) * sizeof(*p->operand)), .output = malloc(n * sizeof(*p->output)),
            .guard = malloc(sizeof(*p->guard)),  /* there is none */
            .uniform = calloc(captured + c.constants, sizeof(*p->uniform)),
        };
        done = p->step && p->operand && p->output && p->guard && p->uniform;
        if (done) {
            write_constants(&o, p->uniform + captured);
            write_steps(&o, p->step, p->operand);
        }
        for (uint32_t k = 0; done && k < n; k++)
            p->output[k] = o.value[items[k]];
    }
    optimizer_free(&o);
    return done;
}

static uint32_t widest_of(uint32_t nin, const struct layer_size *size, uint32_t layers)
{
    uint32_t widest = nin;
    for (uint32_t l = 0; l < layers; l++)
        widest = size[l].nout > widest ? size[l].nout : widest;
    return widest;
}

static uint64_t layer_parameters(uint64_t nin, uint64_t nout) { return (nin + 1) * nout; }

static uint64_t most_parameters(uint32_t nin, const struct layer_size *size, uint32_t layers)
{
    uint64_t most = 0;
    for (uint32_t l = 0; l < layers; nin = size[l++].nout)
        most = layer_parameters(nin, size[l].nout) > most ? layer_parameters(nin, size[l].nout) : most;
    return most;
}

/* The items of the last layer's results, in `x`; returns how many parameters there are. `work` has room for three times
 * the widest layer, and for the parameters of any. */
static uint32_t build_layers(struct dag *d, symbol *x, uint32_t nin, const struct layer_size *size, uint32_t layers,
                             uint32_t widest, symbol *work)
{
    symbol *const result = work + 2 * (size_t)widest, *const parameters = result + widest;
    uint32_t place = 0;
    for (uint32_t k = 0; k < nin; k++)
        x[k] = dag_input(d, k);
    for (uint32_t l = 0; l < layers; nin = size[l++].nout) {
        const uint32_t n = (uint32_t)layer_parameters(nin, size[l].nout);
        for (uint32_t k = 0; k < n; k++)
            parameters[k] = dag_captured(d, place++);
        layer_symbols(&d->algebra, parameters, x, nin, size[l], result, work);
        memcpy(x, result, size[l].nout * sizeof(*x));
    }
    return place;
}

int network_program(struct program *p, uint32_t nin, const struct layer_size *size, uint32_t layers)
{
    struct dag d;
    const size_t widest = widest_of(nin, size, layers);
    symbol *x = malloc((4 * widest + most_parameters(nin, size, layers)) * sizeof(*x));
    int done = 0;
    if (x && dag_begin(&d)) {
        const uint32_t parameters = build_layers(&d, x, nin, size, layers, (uint32_t)widest, x + widest);
        done = !d.failed && write_program(p, &d, x, size[layers - 1].nout, nin, parameters);
        dag_free(&d);
    }
    free(x);
    return done;
}
