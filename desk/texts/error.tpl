{{%AUTOESCAPE context="HTML"}}<div class="narrow">
<h1>{{ERROR_TITLE}}</h1>
<div class="card stack" role="alert">
<p>{{ERROR_TEXT}}</p>
{{#ERROR_DETAIL}}<p class="detail"><bdi>{{ERROR_DETAIL}}</bdi></p>{{/ERROR_DETAIL}}
<p>{{ERROR_REMEDY}}</p>
</div>
<p><a href="/">{{T_to_start}}</a></p>
</div>
