{{%AUTOESCAPE context="HTML"}}<div class="head-row">
<h1>{{T_overview_title}}</h1>
<nav class="days" aria-label="{{T_overview_period}}"><ul>
{{#PERIODS}}<li><a href="{{PERIOD_URL}}"{{#CHOSEN}} aria-current="true"{{/CHOSEN}}>{{PERIOD_TEXT}}</a></li>
{{/PERIODS}}
</ul></nav>
</div>
<section class="card" aria-labelledby="waits-title">
<h2 id="waits-title">{{T_overview_waits}}</h2>
<p class="sentence">{{WAITS_TEXT}}</p>
<div class="halves">
{{#WAIT_TABLES}}
<div class="scroll" tabindex="0" role="region" aria-label="{{CAPTION}}">
<table class="data">
<caption>{{CAPTION}}</caption>
<thead><tr><th scope="col">{{COLUMN}}</th><th scope="col" class="num">{{T_count}}</th><th scope="col">{{T_oldest}}</th></tr></thead>
<tbody>
{{#WAIT_ROWS}}<tr><th scope="row"><a href="{{URL}}"><bdi>{{NAME}}</bdi></a></th><td class="num">{{COUNT}}</td><td>{{OLDEST}}</td></tr>
{{/WAIT_ROWS}}
</tbody>
</table>
</div>
{{/WAIT_TABLES}}
</div>
</section>
<section class="card" aria-labelledby="days-title">
<h2 id="days-title">{{T_overview_days}}</h2>
{{#NO_DAYS}}<p>{{T_overview_no_days}}</p>{{/NO_DAYS}}
{{#HAS_DAYS}}
<div class="chart">
<svg class="bars" viewBox="0 0 {{CHART_WIDTH}} {{CHART_HEIGHT}}" role="img" aria-labelledby="chart-title chart-desc">
<title id="chart-title">{{T_overview_days}}</title>
<desc id="chart-desc">{{CHART_TEXT}}</desc>
<line class="axis" x1="0" x2="{{CHART_WIDTH}}" y1="{{CHART_BASE}}" y2="{{CHART_BASE}}"></line>
{{#BARS}}<rect class="bar bar-{{SERIES}}" x="{{X}}" y="{{Y}}" width="{{W}}" height="{{H}}"><title>{{BAR_TEXT}}</title></rect>
{{/BARS}}
{{#LABELS}}<text class="tick" x="{{X}}" y="{{Y}}">{{LABEL}}</text>
{{/LABELS}}
</svg>
<ul class="legend">
{{#SERIES_NAMES}}<li><span class="swatch bar-{{SERIES}}" aria-hidden="true"></span>{{SERIES_TEXT}}</li>
{{/SERIES_NAMES}}
</ul>
</div>
<details class="more"><summary>{{T_overview_as_table}}</summary>
<div class="scroll" tabindex="0" role="region" aria-label="{{T_overview_days}}">
<table class="data" id="days">
<caption class="visually-hidden">{{T_overview_days}}</caption>
<thead><tr><th scope="col">{{T_day}}</th><th scope="col" class="num">{{T_n_held}}</th><th scope="col" class="num">{{T_n_released}}</th><th scope="col" class="num">{{T_n_rejected}}</th><th scope="col" class="num">{{T_n_deleted}}</th><th scope="col" class="num">{{T_n_expired}}</th></tr></thead>
<tbody>
{{#DAYS}}<tr><th scope="row">{{DAY}}</th><td class="num">{{N_HELD}}</td><td class="num">{{N_RELEASED}}</td><td class="num">{{N_REJECTED}}</td><td class="num">{{N_DELETED}}</td><td class="num">{{N_EXPIRED}}</td></tr>
{{/DAYS}}
</tbody>
</table>
</div>
</details>
{{/HAS_DAYS}}
</section>
<section class="card" aria-labelledby="rules-title">
<h2 id="rules-title">{{T_overview_rules}}</h2>
<p class="hint">{{T_overview_rules_hint}}</p>
{{#NO_RULES}}<p>{{T_overview_no_rules}}</p>{{/NO_RULES}}
<ul class="rules">
{{#RULES}}<li class="rule-line"><p class="sentence">{{RULE_SENTENCE}}</p><p class="hint">{{RULE_NUMBERS}} <a href="{{URL}}">{{T_overview_rule_open}}</a></p></li>
{{/RULES}}
</ul>
</section>
<section class="card" aria-labelledby="senders-title">
<h2 id="senders-title">{{T_overview_senders}}</h2>
{{#NO_SENDERS}}<p>{{T_overview_no_senders}}</p>{{/NO_SENDERS}}
{{#HAS_SENDERS}}
<table class="data">
<caption class="visually-hidden">{{T_overview_senders}}</caption>
<thead><tr><th scope="col">{{T_from}}</th><th scope="col" class="num">{{T_count}}</th></tr></thead>
<tbody>
{{#SENDERS}}<tr><th scope="row"><a href="{{URL}}"><bdi>{{NAME}}</bdi></a></th><td class="num">{{COUNT}}</td></tr>
{{/SENDERS}}
</tbody>
</table>
{{/HAS_SENDERS}}
</section>
