"""Indicators (绩效指标): every number counted from facts that the journal yields, case by case.

counters    what is counted, by name and number
facts       a pure fold: one case's entries → its facts
recount     reads cases from the journal and folds them
rollup      follows the journal, keeps facts and sums; rebuilds them
verify      counts again from the journal alone and compares every number
rates       indicators: numerator over denominator, with words
scores      composites, bands and grades, as dated data
tables      sums of a scope by any dimension, and the cases behind them
"""
