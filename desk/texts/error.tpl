{{%AUTOESCAPE context="HTML"}}<div class="narrow">
<h1>{{ERROR_TITLE}}</h1>
<div class="card stack" role="alert">
<p>{{ERROR_TEXT}}</p>
{{#ERROR_DETAIL}}<p class="detail"><bdi>{{ERROR_DETAIL}}</bdi></p>{{/ERROR_DETAIL}}
<p>{{ERROR_REMEDY}}</p>
{{#TYPED}}<div class="field"><label for="typed">{{T_error_typed}}</label><textarea id="typed" rows="6" readonly>{{TYPED}}</textarea></div>{{/TYPED}}
</div>
<p><a href="/">{{T_to_start}}</a></p>
</div>
