{{%AUTOESCAPE context="HTML"}}<div class="narrow">
<h1>{{RESULT_TITLE}}</h1>
<div role="status" aria-live="polite">
<p class="lead">{{RESULT_SUMMARY}}</p>
<ul id="results" class="results">
{{#RESULTS}}
<li data-id="{{ID}}" data-user="{{USER}}" data-result="{{RESULT}}">
<span class="badge badge-{{RESULT}}">{{RESULT_TEXT}}</span>
<span class="what"><a href="{{URL}}"><code>{{ID_SHORT}}</code></a> <bdi>{{USER}}</bdi></span>
<p>{{RESULT_MEANS}}</p>
{{#RESULT_DETAIL}}<p class="detail"><bdi>{{RESULT_DETAIL}}</bdi></p>{{/RESULT_DETAIL}}
</li>
{{/RESULTS}}
</ul>
</div>
<p class="hint">{{T_results_again}}</p>
<p><a class="button primary" href="{{BACK}}">{{T_back_to_list}}</a></p>
</div>
